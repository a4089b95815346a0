//! Everything that is rented, as it is now.

use super::{Fresh, Rented, gather};
use jiff::Timestamp;
use provision_api::{Arch, ErrorKind, Result, Server, ServerId, ServerStatus};

/// Every service of the account. One that is suspended is shown as that, since it would be
/// missed otherwise; one that went while it was looked at is not.
pub(crate) async fn servers<R: Rented>(rented: &R) -> Result<Vec<Server>> {
    let product = rented.rental().product;
    let operation = format!("list {}", product.nouns);
    let v1 = rented.rental().client().v1();
    let names: Vec<String> = v1.get(product.root, &operation).await?;
    let looked = gather(names.iter().map(|name| rented.fresh(name))).await;
    let mut servers = Vec::new();
    for (name, fresh) in names.iter().zip(looked) {
        match fresh {
            Ok(Fresh { server, .. }) => servers.push(server),
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) if error.kind == ErrorKind::Suspended => servers.push(suspended(name)),
            Err(error) => return Err(error),
        }
    }
    Ok(servers)
}

/// One of which the vendor tells nothing but that it is suspended.
fn suspended(name: &str) -> Server {
    Server {
        id: ServerId::new(name),
        name: name.to_owned(),
        status: ServerStatus::Other("suspended".to_owned()),
        ipv4: None,
        ipv6: None,
        gateway6: None,
        server_type: String::new(),
        location: String::new(),
        arch: Arch::X86_64,
        created: Timestamp::UNIX_EPOCH,
        rescue_armed: false,
        protected: false,
        marks: None,
        doubt: Some("it is suspended or expired, so its marks cannot be read".to_owned()),
        labels: std::collections::BTreeMap::default(),
    }
}

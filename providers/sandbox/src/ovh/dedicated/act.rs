//! What can be done to a dedicated server.

use super::look::task_shown;
use super::{Dedicated, Offer, STOCK_LOADER, boots};
use crate::latency::Work;
use crate::machine::Firmware;
use crate::ovh::call::{Answer, Call, nothing, ok};
use crate::ovh::error::ApiError;
use crate::ovh::input::{Input, required};
use crate::ovh::rented::{
    Effect, Task, Writing, begin, enter, login_key, service_mut, tell_boot, time,
};
use crate::world::document::secret;
use serde_json::{Value, json};

/// What `PUT` may send back unchanged: the whole object as it was read.
const FIELDS: &[&str] = &[
    "availabilityZone",
    "bootId",
    "bootScript",
    "commercialRange",
    "datacenter",
    "efiBootloaderPath",
    "iam",
    "ip",
    "linkSpeed",
    "monitoring",
    "name",
    "newUpgradeSystem",
    "noIntervention",
    "os",
    "powerState",
    "professionalUse",
    "rack",
    "region",
    "rescueMail",
    "rescueSshKey",
    "reverse",
    "rootDevice",
    "serverId",
    "state",
    "supportLevel",
];

/// What becomes of a text that may be taken away again by `null`.
enum Change {
    Keep,
    Clear,
    To(String),
}

impl Change {
    fn read(input: &mut Input, name: &str) -> Result<Self, ApiError> {
        Ok(match input.text(name)? {
            Some(text) if !text.is_empty() => Self::To(text),
            Some(_) => Self::Clear,
            None if input.nulled(name) => Self::Clear,
            None => Self::Keep,
        })
    }

    fn make(self, old: &mut Option<String>) {
        match self {
            Self::Keep => {}
            Self::Clear => *old = None,
            Self::To(text) => *old = Some(text),
        }
    }
}

/// `PUT /dedicated/server/{service}`: holds from the next boot on, whoever asks for that.
pub(super) async fn change(call: Call) -> Answer {
    let mut input = call.input(FIELDS)?;
    let boot_id = input.number("bootId")?;
    let monitoring = input.flag("monitoring")?;
    let no_intervention = input.flag("noIntervention")?;
    let loader = Change::read(&mut input, "efiBootloaderPath")?;
    let mail = Change::read(&mut input, "rescueMail")?;
    let device = Change::read(&mut input, "rootDevice")?;
    let key = match Change::read(&mut input, "rescueSshKey")? {
        Change::To(key) => Change::To(login_key("rescueSshKey", &key)?),
        other => other,
    };
    if input.text("bootScript")?.is_some() {
        return Err(ApiError::unsupported("bootScript"));
    }
    let name = call.path("service");
    let mut held = call.hold().await?;
    let offer = enter::<Dedicated>(&mut held, name).await?;
    if boot_id.is_some_and(|id| !bootable(&offer, id)) {
        return Err(ApiError::bad_field(
            "bootId",
            "is no netboot of this server",
        ));
    }
    let own = &mut service_mut::<Dedicated>(&mut held, name)?.own;
    if let Some(id) = boot_id.filter(|id| *id != own.boot_id) {
        own.boot_id = id;
        own.password = secret(12);
    }
    key.make(&mut own.rescue_key);
    loader.make(&mut own.loader);
    mail.make(&mut own.rescue_mail);
    device.make(&mut own.root_device);
    own.monitoring = monitoring.unwrap_or(own.monitoring);
    own.no_intervention = no_intervention.unwrap_or(own.no_intervention);
    tell_boot::<Dedicated>(&held, name).await;
    held.keep().await?;
    Ok(nothing())
}

/// Whether it is one of this server's that the sandbox can boot.
fn bootable(offer: &Offer, id: u64) -> bool {
    boots::find(offer.region, id).is_some_and(|netboot| netboot.kind != "power")
}

/// `POST /dedicated/server/{service}/reboot`
pub(super) async fn reboot(call: Call) -> Answer {
    call.input(&[])?;
    let name = call.path("service");
    let mut held = call.hold().await?;
    enter::<Dedicated>(&mut held, name).await?;
    let task = begin::<Dedicated>(&mut held, name, "hardReboot", Work::Reset, Effect::Cycle)?;
    held.keep().await?;
    Ok(ok(&task_shown(&task, held.now)))
}

/// `POST /dedicated/server/{service}/reinstall`
pub(super) async fn reinstall(call: Call) -> Answer {
    let mut input = call.input(&["operatingSystem", "customizations", "properties", "storage"])?;
    let template = required("operatingSystem", input.text("operatingSystem")?)?;
    for field in ["properties", "storage"] {
        if input.value(field).is_some() {
            return Err(ApiError::unsupported(field));
        }
    }
    let wishes = Wishes::read(input.value("customizations"))?;
    let name = call.path("service");
    let mut held = call.hold().await?;
    let offer = enter::<Dedicated>(&mut held, name).await?;
    let mut images = held.settings.ovh.rented_images.iter();
    let image = images
        .find(|image| image.template == template)
        .map(|image| image.name.clone())
        .ok_or_else(|| {
            ApiError::bad_field("operatingSystem", "is not compatible with this server")
        })?;
    let loader = wishes.loader.unwrap_or_else(|| STOCK_LOADER.to_owned());
    let writing = Box::new(Writing {
        image,
        key: wishes.key,
        user_data: wishes.user_data,
        loader: (offer.firmware == Firmware::Uefi).then_some(loader),
    });
    let effect = Effect::Write(writing);
    let task = begin::<Dedicated>(&mut held, name, "reinstallServer", Work::Rebuild, effect)?;
    held.keep().await?;
    Ok(ok(&response(&task, held.now)))
}

/// `dedicated.server.task.Response`
fn response(task: &Task, now: jiff::Timestamp) -> Value {
    let whole = task_shown(task, now);
    json!({
        "taskId": task.id,
        "function": task.function,
        "status": whole["status"],
        "comment": whole["comment"],
        "startDate": time(task.started),
        "doneDate": null,
    })
}

/// What an installation is asked to do differently.
#[derive(Default)]
struct Wishes {
    key: Option<String>,
    user_data: Option<String>,
    loader: Option<String>,
}

impl Wishes {
    fn read(value: Option<Value>) -> Result<Self, ApiError> {
        let Some(value) = value else {
            return Ok(Self::default());
        };
        let known = [
            "hostname",
            "sshKey",
            "configDriveUserData",
            "efiBootloaderPath",
        ];
        let mut input = Input::parse(value.to_string().as_bytes(), &known)?;
        let hostname = input.text("hostname")?;
        if hostname.as_ref().is_some_and(|name| !is_hostname(name)) {
            return Err(ApiError::bad_field("hostname", "is no host name"));
        }
        let named = hostname.map(|name| format!("#cloud-config\nhostname: {name}\n"));
        Ok(Self {
            key: input
                .text("sshKey")?
                .map(|key| login_key("sshKey", &key))
                .transpose()?,
            user_data: input.text("configDriveUserData")?.or(named),
            loader: input.text("efiBootloaderPath")?,
        })
    }
}

fn is_hostname(text: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read_and_strange_ones_refused() {
        let read = |value: Value| Wishes::read(Some(value));
        let named = read(json!({"hostname": "web-1"})).unwrap_or_default();
        assert!(
            named
                .user_data
                .is_some_and(|data| data.contains("hostname: web-1"))
        );
        let both = read(json!({"hostname": "a", "configDriveUserData": "#cloud-config\n"}));
        let both = both.unwrap_or_default();
        assert_eq!(both.user_data.as_deref(), Some("#cloud-config\n"));
        for bad in [
            json!({"sshKey": "rubbish"}),
            json!({"hostname": "a\nruncmd: [b]"}),
            json!({"imageURL": "https://example.com"}),
            json!([]),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}

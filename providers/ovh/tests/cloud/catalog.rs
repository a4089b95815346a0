//! What is sold, and for how much.

use crate::stub::*;
use provision_api::{ErrorKind, Provider};
use serde_json::json;
use wiremock::matchers::query_param;

#[tokio::test]
async fn the_catalog_joins_regions_and_prices() {
    let stub = Stub::new().await;
    let catalog = stub.cloud.catalog().await.unwrap();
    assert_eq!(catalog.currency, "EUR");
    let names: Vec<_> = catalog
        .types
        .iter()
        .map(|kind| kind.name.as_str())
        .collect();
    assert_eq!(names, ["d2-2", "b2-7"], "Windows is not for us");
    let small = catalog.server_type("d2-2").unwrap();
    assert_eq!(
        (small.cores, small.memory_mib, small.disk_gib),
        (1, 2000, 25)
    );
    let offers: Vec<_> = small
        .offers
        .iter()
        .map(|offer| (offer.location.as_str(), offer.available))
        .collect();
    assert_eq!(offers, [("GRA11", true), ("SBG5", false), ("BHS5", false)]);
    // 0.0108 and a fifth
    assert_eq!(small.offers[0].hourly, Some("0.01296".parse().unwrap()));
    let big = catalog.server_type("b2-7").unwrap();
    assert_eq!(
        big.offer("GRA11").unwrap().hourly,
        Some("0.08172".parse().unwrap())
    );
    assert_eq!(
        big.offer("EU-WEST-PAR").unwrap().hourly,
        None,
        "a plan that is not listed"
    );
    stub.cloud.catalog().await.unwrap();
    let prices = "GET /ovh/1.0/order/catalog/public/cloud";
    let all = stub.received().await;
    let asked: Vec<_> = all
        .iter()
        .filter(|request| format!("{} {}", request.method, request.url.path()) == prices)
        .collect();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].url.query(), Some("ovhSubsidiary=FR"));
    assert!(
        asked[0].headers.get("X-Ovh-Signature").is_none(),
        "they are everybody's"
    );
}

#[tokio::test]
async fn where_no_prices_are_served_there_are_none() {
    let stub = Stub::new().await;
    let prices = || get("/order/catalog/public/cloud");
    stub.instead(prices(), problem(404, "Client::NotFound", "no"))
        .await;
    let catalog = stub.cloud.catalog().await.unwrap();
    assert_eq!(catalog.currency, "EUR");
    let mut offers = catalog.types.iter().flat_map(|kind| &kind.offers);
    assert!(offers.all(|offer| offer.hourly.is_none()));

    let stub = Stub::new().await;
    stub.instead(prices(), problem(503, "Server", "later"))
        .await;
    let error = stub.cloud.catalog().await.unwrap_err();
    assert_eq!(
        error.kind,
        ErrorKind::Unavailable,
        "it is served, and a limit may hang on it"
    );
}

#[tokio::test]
async fn without_a_tax_rate_there_are_no_prices() {
    for (rate, expected) in [
        (json!(20), Some("0.01296")),
        (json!(20.0), Some("0.01296")),
        (json!("20"), Some("0.01296")),
        (json!("20.0"), Some("0.01296")),
        (json!(0), Some("0.0108")),
        (json!("a fifth"), None),
        (json!(""), None),
        (json!(-20), None),
        (json!([20]), None),
        (json!(null), None),
    ] {
        let stub = Stub::new().await;
        let mut list = said("GET /order/catalog/public/cloud");
        list["locale"]["taxRate"] = rate.clone();
        stub.instead(get("/order/catalog/public/cloud"), ok(list))
            .await;
        let catalog = stub.cloud.catalog().await.unwrap();
        let small = catalog.server_type("d2-2").unwrap();
        let expected = expected.map(|price| price.parse().unwrap());
        assert_eq!(small.offers[0].hourly, expected, "{rate}");
        assert_eq!(catalog.currency, "EUR");
    }
}

#[tokio::test]
async fn images_are_asked_for_by_region() {
    let stub = Stub::new().await;
    stub.is_empty().await;
    let images = get("/cloud/project/p1/image")
        .and(query_param("region", "GRA11"))
        .and(query_param("osType", "linux"));
    stub.once(images, ok(said("GET /cloud/project/p1/image")))
        .await;
    stub.instead(
        get("/cloud/project/p1/image"),
        problem(400, "Client", "no region"),
    )
    .await;
    stub.cloud.create(&order()).await.unwrap();
}

#[tokio::test]
async fn an_old_list_of_flavors_is_not_believed_when_it_says_no() {
    let stub = Stub::new().await;
    stub.is_empty().await;
    let mut old = said("GET /cloud/project/p1/flavor");
    old[0]["available"] = json!(false);
    stub.once(get("/cloud/project/p1/flavor"), ok(&old)).await;
    stub.cloud.catalog().await.unwrap();
    stub.cloud.create(&order()).await.unwrap();
    let asked = stub.asked().await;
    let flavors = asked.iter().filter(|call| *call == "GET /flavor").count();
    assert_eq!(flavors, 2, "{asked:?}");
}

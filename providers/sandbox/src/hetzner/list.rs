//! Lists: filtered, sorted, cut into pages.

use super::BASE;
use super::call::{Answer, Parameters};
use super::error::ApiError;
use super::labels::{Labels, Selector};
use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::cmp::Ordering;

const PER_PAGE: usize = 25;
const MOST_PER_PAGE: usize = 50;

/// The filters that most lists have.
pub(super) struct Filter<'a> {
    name: Option<&'a str>,
    selector: Selector,
}

impl<'a> Filter<'a> {
    pub(super) fn of(query: &'a Parameters) -> Result<Self, ApiError> {
        Ok(Self {
            name: query.one("name"),
            selector: Selector::parse(query.one("label_selector").unwrap_or_default())?,
        })
    }

    pub(super) fn fits(&self, name: &str, labels: &Labels) -> bool {
        self.name.is_none_or(|wanted| wanted == name) && self.selector.fits(labels)
    }
}

/// Answers one page of the items, which are in the order of their numbers; `path` is the
/// list's, below the base, for the links to the other pages.
pub(super) fn answer(
    query: &Parameters,
    path: &str,
    key: &str,
    sortable: &[&str],
    mut items: Vec<Value>,
) -> Answer {
    sort(&mut items, query, sortable)?;
    let page = number(query, "page", 1)?;
    let per_page = number(query, "per_page", PER_PAGE)?;
    if per_page > MOST_PER_PAGE {
        return Err(ApiError::invalid_field(
            "per_page",
            format!("must be at most {MOST_PER_PAGE}"),
        ));
    }
    let total = items.len();
    let last = total.div_ceil(per_page).max(1);
    let shown: Vec<Value> = items
        .into_iter()
        .skip((page - 1).saturating_mul(per_page))
        .take(per_page)
        .collect();
    let previous = (page > 1).then(|| page - 1);
    let next = (page < last).then(|| page + 1);
    let body = json!({
        key: shown,
        "meta": {"pagination": {
            "page": page,
            "per_page": per_page,
            "previous_page": previous,
            "next_page": next,
            "last_page": last,
            "total_entries": total,
        }},
    });
    let mut response = Json(body).into_response();
    let links: Vec<String> = [
        (previous, "prev"),
        (next, "next"),
        (next.map(|_| last), "last"),
    ]
    .into_iter()
    .filter_map(|(page, rel)| page.map(|page| link(query, path, page, per_page, rel)))
    .collect();
    if let Ok(value) = HeaderValue::from_str(&links.join(", "))
        && !links.is_empty()
    {
        response.headers_mut().insert(header::LINK, value);
    }
    Ok(response)
}

/// A link to another page of the same list.
fn link(query: &Parameters, path: &str, page: usize, per_page: usize, rel: &str) -> String {
    let mut parameters = String::new();
    for (name, value) in query
        .0
        .iter()
        .filter(|(name, _)| name != "page" && name != "per_page")
    {
        parameters.push_str(&format!("{}={}&", encoded(name), encoded(value)));
    }
    format!("<{BASE}{path}?{parameters}page={page}&per_page={per_page}>; rel=\"{rel}\"")
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn number(query: &Parameters, name: &str, otherwise: usize) -> Result<usize, ApiError> {
    match query.one(name).map(str::parse) {
        None => Ok(otherwise),
        Some(Ok(number)) if number > 0 => Ok(number),
        Some(_) => Err(ApiError::invalid_field(
            name,
            "must be a whole number above 0",
        )),
    }
}

fn sort(items: &mut [Value], query: &Parameters, sortable: &[&str]) -> Result<(), ApiError> {
    // a list that has no such parameter takes it like any other that it does not know
    if sortable.is_empty() {
        return Ok(());
    }
    let mut keys = Vec::new();
    for wanted in query.all("sort") {
        let (field, down) = match wanted.split_once(':') {
            None => (wanted, false),
            Some((field, "asc")) => (field, false),
            Some((field, "desc")) => (field, true),
            Some(_) => return Err(ApiError::invalid_field("sort", "goes asc or desc")),
        };
        if !sortable.contains(&field) {
            return Err(ApiError::invalid_field(
                "sort",
                format!("'{field}' cannot be sorted by"),
            ));
        }
        keys.push((field, down));
    }
    items.sort_by(|one, other| {
        keys.iter()
            .map(|(field, down)| {
                let order = compare(&one[*field], &other[*field]);
                if *down { order.reverse() } else { order }
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
    Ok(())
}

fn compare(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_u64().cmp(&other.as_u64()),
        // what is not there yet comes first
        (one, other) => one.as_str().cmp(&other.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    async fn page(query: &[(&str, &str)]) -> (Value, Option<String>) {
        let query = Parameters(
            query
                .iter()
                .map(|(k, v)| ((*k).into(), (*v).into()))
                .collect(),
        );
        let items = (1..=5)
            .map(|id| json!({"id": id, "name": format!("n{}", id % 2)}))
            .collect();
        let response = answer(&query, "/things", "things", &["id", "name"], items).unwrap();
        let link = response
            .headers()
            .get("link")
            .map(|v| v.to_str().unwrap().to_owned());
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (serde_json::from_slice(&body).unwrap(), link)
    }

    fn ids(page: &Value) -> Vec<u64> {
        page["things"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t["id"].as_u64().unwrap())
            .collect()
    }

    #[tokio::test]
    async fn pages_follow_each_other() {
        let (first, link) = page(&[("per_page", "2"), ("label_selector", "a=b")]).await;
        assert_eq!(ids(&first), [1, 2]);
        let about = &first["meta"]["pagination"];
        assert_eq!(about["previous_page"], Value::Null);
        assert_eq!(
            (&about["next_page"], &about["last_page"]),
            (&json!(2), &json!(3))
        );
        assert!(
            link.unwrap().contains(
                "</hetzner/v1/things?label_selector=a%3Db&page=2&per_page=2>; rel=\"next\""
            )
        );
        let (last, _) = page(&[("per_page", "2"), ("page", "3")]).await;
        assert_eq!(ids(&last), [5]);
        assert_eq!(last["meta"]["pagination"]["next_page"], Value::Null);
        let (beyond, _) = page(&[("page", "9")]).await;
        assert_eq!(ids(&beyond), [0_u64; 0]);
    }

    #[tokio::test]
    async fn sorts_by_several_fields() {
        let (page, _) = page(&[("sort", "name:desc"), ("sort", "id:desc")]).await;
        assert_eq!(ids(&page), [5, 3, 1, 4, 2]);
    }

    #[test]
    fn refuses_what_is_no_page_and_no_order() {
        for (name, value) in [
            ("page", "0"),
            ("page", "x"),
            ("per_page", "51"),
            ("per_page", "-1"),
            ("sort", "size"),
            ("sort", "id:up"),
        ] {
            let query = Parameters(vec![(name.into(), value.into())]);
            let error = answer(&query, "/t", "t", &["id"], Vec::new()).unwrap_err();
            assert_eq!(error.code, "invalid_input", "{name}={value}");
        }
    }
}

//! A settings file laid over settings.

use super::Settings;
use serde_json::{Map, Value};

/// The settings with what the file says laid over them, when the whole fits together.
pub(crate) fn merged(settings: &Settings, file: &Value) -> Result<Settings, String> {
    if !file.is_object() {
        return Err("a settings file is one JSON object".to_owned());
    }
    let mut whole = serde_json::to_value(settings).map_err(|error| error.to_string())?;
    lay(&mut whole, file, "");
    let settings: Settings = serde_json::from_value(whole).map_err(|error| error.to_string())?;
    settings.check()?;
    Ok(settings)
}

/// By which fields the entries of a list are the same; none for a list that is replaced.
fn names_of(path: &str) -> &'static [&'static str] {
    match path {
        "server_types" | "locations" | "ovh.cloud.regions" | "ovh.cloud.flavors"
        | "ovh.cloud.images" | "ovh.vps" | "ovh.dedicated" | "ovh.rented_images" => &["name"],
        "server_types.locations" => &["location"],
        "images" => &["name", "architecture"],
        _ => &[],
    }
}

fn lay(base: &mut Value, over: &Value, path: &str) {
    match (base, over) {
        // a word such as "realistic" stands for a whole object, which a later one replaces
        (Value::Object(base), Value::Object(over)) if path != "latency" => {
            lay_object(base, over, path);
        }
        (Value::Array(base), Value::Array(over)) if !names_of(path).is_empty() => {
            for entry in over {
                let same = base.iter_mut().find(|old| same(old, entry, names_of(path)));
                match same {
                    Some(old) => lay(old, entry, path),
                    None => base.push(entry.clone()),
                }
            }
        }
        (base, over) => *base = over.clone(),
    }
}

fn lay_object(base: &mut Map<String, Value>, over: &Map<String, Value>, path: &str) {
    for (key, value) in over {
        let below = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match base.get_mut(key) {
            Some(old) => lay(old, value, &below),
            None => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

fn same(one: &Value, other: &Value, names: &[&str]) -> bool {
    names
        .iter()
        .all(|name| one.get(name).is_some() && one.get(name) == other.get(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::Latency;
    use crate::machine::Firmware;

    fn lay_over(text: &str) -> Result<Settings, String> {
        merged(&Settings::default(), &serde_json::from_str(text).unwrap())
    }

    #[test]
    fn one_field_of_one_type_can_be_changed() {
        let settings = lay_over(r#"{"server_types":[{"name":"cx23","firmware":"uefi"}]}"#).unwrap();
        let plain = Settings::default();
        assert_eq!(settings.server_types.len(), plain.server_types.len());
        for (new, old) in settings.server_types.iter().zip(&plain.server_types) {
            if new.name == "cx23" {
                assert_eq!(new.firmware, Firmware::Uefi);
                assert_eq!(new.locations, old.locations);
            } else {
                assert_eq!(new, old);
            }
        }
    }

    #[test]
    fn lists_without_names_and_latencies_are_replaced() {
        let first = lay_over(r#"{"latency":"realistic","sold_out":[{"type":"cx23"}]}"#).unwrap();
        assert_eq!(first.latency, Latency::realistic());
        let file = serde_json::json!({"latency": {"create_ms": 5}, "sold_out": []});
        let second = merged(&first, &file).unwrap();
        assert_eq!(second.latency.stock_ms, 0);
        assert!(second.sold_out.is_empty());
        assert_eq!(merged(&second, &serde_json::json!({})).unwrap(), second);
    }

    #[test]
    fn what_is_unknown_is_named() {
        for (text, word) in [
            (r#"{"qouta_servers":1}"#, "qouta_servers"),
            (
                r#"{"server_types":[{"name":"cx23","firmwares":"uefi"}]}"#,
                "firmwares",
            ),
            (r#"{"server_types":[{"name":"new1"}]}"#, "id"),
            (r#"{"latency":"slow"}"#, "slow"),
            ("[]", "object"),
        ] {
            let error = lay_over(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}

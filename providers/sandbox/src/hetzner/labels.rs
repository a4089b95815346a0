//! Labels, and the language that selects by them.

use super::error::ApiError;
use serde_json::Value;
use std::collections::BTreeMap;

/// Labels of a resource.
pub(super) type Labels = BTreeMap<String, String>;

/// Labels out of a request, or what is wrong with them.
pub(super) fn parse(value: &Value) -> Result<Labels, String> {
    let Value::Object(map) = value else {
        return Err("must be an object".to_owned());
    };
    let mut labels = Labels::new();
    for (key, value) in map {
        let Value::String(value) = value else {
            return Err(format!("label '{key}' must have a text as its value"));
        };
        check_key(key)?;
        if !value.is_empty() && !is_name(value) {
            return Err(format!("label '{key}' has the invalid value '{value}'"));
        }
        labels.insert(key.clone(), value.clone());
    }
    Ok(labels)
}

fn check_key(key: &str) -> Result<(), String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if prefix == Some("hetzner.cloud") {
        return Err(format!(
            "label key '{key}' has the reserved prefix hetzner.cloud/"
        ));
    }
    if prefix.is_none_or(is_subdomain) && is_name(name) {
        Ok(())
    } else {
        Err(format!("label key '{key}' is invalid"))
    }
}

/// Up to 63 letters, digits, `-`, `_`, `.`, with a letter or digit at both ends.
fn is_name(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= 63
        && edge(text.chars().next())
        && edge(text.chars().next_back())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(super::names::is_dns_label)
}

/// A selector: every term must hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selector(Vec<Term>);

#[derive(Debug, PartialEq, Eq)]
enum Term {
    Has(String),
    HasNot(String),
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
}

impl Selector {
    /// Reads a selector; an empty one selects everything.
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        let wrong = |why: String| ApiError::invalid_field("label_selector", why);
        if text.trim().is_empty() {
            return Ok(Self(Vec::new()));
        }
        let terms = terms(text).map_err(wrong)?;
        terms
            .iter()
            .map(|term| parse_term(term))
            .collect::<Result<_, _>>()
            .map(Self)
            .map_err(wrong)
    }

    /// Whether labels fit.
    pub(super) fn fits(&self, labels: &Labels) -> bool {
        self.0.iter().all(|term| match term {
            Term::Has(key) => labels.contains_key(key),
            Term::HasNot(key) => !labels.contains_key(key),
            Term::In(key, values) => labels.get(key).is_some_and(|value| values.contains(value)),
            // what has no such label does not have that value either
            Term::NotIn(key, values) => labels.get(key).is_none_or(|value| !values.contains(value)),
        })
    }
}

/// Splits at the commas that are not between parentheses.
fn terms(text: &str) -> Result<Vec<&str>, String> {
    let mut found = Vec::new();
    let mut inside = false;
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' if !inside => inside = true,
            ')' if inside => inside = false,
            '(' | ')' => return Err("has a parenthesis too many".to_owned()),
            ',' if !inside => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if inside {
        return Err("has an open parenthesis".to_owned());
    }
    found.push(&text[start..]);
    Ok(found)
}

fn parse_term(term: &str) -> Result<Term, String> {
    let term = term.trim();
    if let Some(key) = term.strip_prefix('!') {
        return Ok(Term::HasNot(self::key(key)?));
    }
    if let Some((start, list)) = term.split_once('(') {
        let (key, word) = start
            .trim_end()
            .rsplit_once(char::is_whitespace)
            .ok_or_else(|| format!("'{term}' is no expression"))?;
        let values = values(list)?;
        return match word {
            "in" => Ok(Term::In(self::key(key)?, values)),
            "notin" => Ok(Term::NotIn(self::key(key)?, values)),
            _ => Err(format!("'{word}' is no operator")),
        };
    }
    // longest first: `=` is in all of them
    for (operator, equal) in [("!=", false), ("==", true), ("=", true)] {
        if let Some((key, value)) = term.split_once(operator) {
            let (key, values) = (self::key(key)?, vec![self::value(value)?]);
            return Ok(if equal {
                Term::In(key, values)
            } else {
                Term::NotIn(key, values)
            });
        }
    }
    Ok(Term::Has(key(term)?))
}

fn values(list: &str) -> Result<Vec<String>, String> {
    list.trim_end()
        .strip_suffix(')')
        .ok_or_else(|| "has something after a parenthesis".to_owned())?
        .split(',')
        .map(value)
        .collect()
}

fn key(text: &str) -> Result<String, String> {
    let text = text.trim();
    // the reserved prefix may be asked for, only not be set
    let name = text.strip_prefix("hetzner.cloud/").unwrap_or(text);
    check_key(name)?;
    Ok(text.to_owned())
}

fn value(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || is_name(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("'{text}' is no label value"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn selects() {
        let web = labels(&[
            ("env", "test"),
            ("role", "web"),
            ("empty", ""),
            ("example.com/my", "x"),
        ]);
        for (selector, fits) in [
            ("", true),
            ("env", true),
            ("nothing", false),
            ("!env", false),
            ("!nothing", true),
            ("env=test", true),
            ("env==test", true),
            ("env = test", true),
            ("env=prod", false),
            ("env!=prod", true),
            ("env!=test", false),
            ("nothing!=x", true),
            ("empty=", true),
            ("empty", true),
            ("env in (test,prod)", true),
            ("env in ( prod , test )", true),
            ("env in (prod)", false),
            ("nothing in (x)", false),
            ("env notin (prod,stage)", true),
            ("env notin (test)", false),
            ("nothing notin (x)", true),
            ("env=test,role=web", true),
            ("env=test,role=db", false),
            ("env in (test,prod),!nothing,role", true),
            ("example.com/my=x", true),
            ("env=test,type!=database", true),
        ] {
            assert_eq!(
                Selector::parse(selector).unwrap().fits(&web),
                fits,
                "{selector}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_selector() {
        for selector in [
            "env=a:b",
            ",",
            "env,",
            "=x",
            "!",
            "env in",
            "env in (a",
            "env in a)",
            "env within (a)",
            "env in ((a))",
            "env in (a) b",
            "-env",
            "env=-a",
            "a/b/c",
            "env in (a b)",
        ] {
            let error = Selector::parse(selector).unwrap_err();
            assert_eq!(error.code, "invalid_input", "{selector}");
        }
    }

    #[test]
    fn labels_are_checked() {
        let long = "a".repeat(64);
        for (given, right) in [
            (json!({}), true),
            (
                json!({"a": "b", "just-a-key": "", "example.com/my": "label"}),
                true,
            ),
            (json!({"a": "1.2_3-4"}), true),
            (json!({"a": "b:c"}), false),
            (json!({"a": "-b"}), false),
            (json!({"a:b": "c"}), false),
            (json!({"": "c"}), false),
            (json!({"/a": "c"}), false),
            (json!({"x/": "c"}), false),
            (json!({"hetzner.cloud/a": "c"}), false),
            (json!({"a": 1}), false),
            (json!({"a": null}), false),
            (json!({ long.clone(): "" }), false),
            (json!({ "a": long }), false),
            (json!([]), false),
        ] {
            assert_eq!(parse(&given).is_ok(), right, "{given}");
        }
    }
}

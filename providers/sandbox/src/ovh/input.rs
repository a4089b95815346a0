//! The parameters of a request, read one by one; the first that is wrong is named.

use super::error::ApiError;
use serde_json::{Map, Value};

/// The fields of a body that are not read yet.
#[derive(Debug)]
pub(in crate::ovh) struct Input {
    fields: Map<String, Value>,
    /// Fields that were given as `null`.
    nulls: Vec<String>,
}

impl Input {
    /// Reads a body that may have these fields and no others; no body is an empty object.
    pub(super) fn parse(body: &[u8], known: &[&str]) -> Result<Self, ApiError> {
        let mut fields = if body.iter().all(u8::is_ascii_whitespace) {
            Map::new()
        } else {
            match serde_json::from_slice(body) {
                Ok(Value::Object(fields)) => fields,
                // how some clients send nothing
                Ok(Value::Null) => Map::new(),
                _ => return Err(ApiError::bad("Invalid JSON received")),
            }
        };
        refuse_unknown(fields.keys().map(String::as_str), known)?;
        let mut nulls = Vec::new();
        fields.retain(|name, value| {
            if value.is_null() {
                nulls.push(name.clone());
            }
            !value.is_null()
        });
        Ok(Self { fields, nulls })
    }

    fn take<T>(
        &mut self,
        name: &str,
        kind: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(value) = self.fields.remove(name) else {
            return Ok(None);
        };
        let found = read(&value);
        if found.is_none() {
            return Err(ApiError::bad_field(
                name,
                format!("Given data is not valid for type {kind}"),
            ));
        }
        Ok(found)
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        self.take(name, "string", |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        self.take(name, "boolean", Value::as_bool)
    }

    pub(super) fn number(&mut self, name: &str) -> Result<Option<u64>, ApiError> {
        self.take(name, "long", Value::as_u64)
    }

    /// A text that is one of these.
    pub(super) fn word(
        &mut self,
        name: &str,
        known: &[&'static str],
    ) -> Result<Option<&'static str>, ApiError> {
        self.take(name, &known.join("|"), |value| {
            let text = value.as_str()?;
            known.iter().copied().find(|word| *word == text)
        })
    }

    /// Whether it was given as `null`, which takes away what was there.
    pub(super) fn nulled(&self, name: &str) -> bool {
        self.nulls.iter().any(|given| given == name)
    }

    /// A value of any kind.
    pub(super) fn value(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name)
    }
}

/// A parameter that has to be there.
pub(in crate::ovh) fn required<T>(name: &str, value: Option<T>) -> Result<T, ApiError> {
    value.ok_or_else(|| ApiError::bad_field(name, "Missing parameter"))
}

/// The vendor takes only what its schema describes.
pub(super) fn refuse_unknown<'a>(
    names: impl Iterator<Item = &'a str>,
    known: &[&str],
) -> Result<(), ApiError> {
    let strange: Vec<&str> = names.filter(|name| !known.contains(name)).collect();
    if strange.is_empty() {
        return Ok(());
    }
    Err(ApiError::bad(format!(
        "Received not described parameters: ({})",
        strange.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named_and_not_repeated() {
        let parse = |text: &str| Input::parse(text.as_bytes(), &["name", "rescue", "type"]);
        assert!(parse("").is_ok() && parse("null").is_ok() && parse("{}").is_ok());
        for text in ["[]", "{", "5"] {
            assert_eq!(parse(text).unwrap_err().status, 400, "{text}");
        }
        let error = parse(r#"{"name":"a","label":"geheim"}"#).unwrap_err();
        assert!(error.message.contains("(label)") && !error.message.contains("geheim"));
        let mut input = parse(r#"{"name":5,"rescue":true,"type":"soft"}"#).unwrap();
        let error = input.text("name").unwrap_err();
        assert!(error.message.contains("[name]"), "{}", error.message);
        assert_eq!(input.flag("rescue"), Ok(Some(true)));
        assert_eq!(input.flag("rescue"), Ok(None));
        assert!(input.word("type", &["hard"]).is_err());
        assert!(required::<u8>("x", None).is_err());
    }

    #[test]
    fn a_word_is_one_of_some() {
        let mut input = Input::parse(br#"{"type":"soft","name":null}"#, &["type", "name"]).unwrap();
        assert_eq!(input.word("type", &["hard", "soft"]), Ok(Some("soft")));
        assert_eq!(input.text("name"), Ok(None));
        assert!(input.nulled("name") && !input.nulled("type"));
    }
}

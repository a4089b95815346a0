//! The body of a request, read field by field, so that every wrong field is named.

use super::error::ApiError;
use super::labels::{self, Labels};
use axum::http::StatusCode;
use serde_json::{Map, Value};

/// A thing by its number or by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reference {
    Id(u64),
    Name(String),
}

impl Reference {
    /// Whether a thing with this number and name is meant; digits in a text may be a number.
    pub(super) fn means(&self, id: u64, name: &str) -> bool {
        match self {
            Self::Id(wanted) => *wanted == id,
            Self::Name(wanted) => wanted == name || wanted.parse() == Ok(id),
        }
    }
}

/// The fields of an object that are not read yet, and what was wrong with the others.
#[derive(Debug)]
pub(super) struct Input {
    fields: Map<String, Value>,
    problems: Vec<(String, String)>,
}

impl Input {
    /// Reads a body that may have these fields and no others; no body is an empty object.
    pub(super) fn parse(body: &[u8], known: &[&str]) -> Result<Self, ApiError> {
        let invalid = || ApiError::new(StatusCode::BAD_REQUEST, "json_error", "invalid JSON input");
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::of(Map::new(), known));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self::of(fields, known)),
            _ => Err(invalid()),
        }
    }

    fn of(mut fields: Map<String, Value>, known: &[&str]) -> Self {
        // null is how some clients say nothing
        fields.retain(|_, value| !value.is_null());
        let problems = fields
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
            .map(|name| (name.clone(), "is not known".to_owned()))
            .collect();
        Self { fields, problems }
    }

    /// Notes a problem with a field.
    pub(super) fn wrong(&mut self, name: &str, message: impl Into<String>) {
        self.problems.push((name.to_owned(), message.into()));
    }

    fn take<T>(&mut self, name: &str, kind: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let value = self.fields.remove(name)?;
        let found = read(&value);
        if found.is_none() {
            self.wrong(name, format!("must be {kind}"));
        }
        found
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.take(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.take(name, "true or false", Value::as_bool)
    }

    pub(super) fn number(&mut self, name: &str) -> Option<u64> {
        self.take(name, "a whole number", Value::as_u64)
    }

    pub(super) fn reference(&mut self, name: &str) -> Option<Reference> {
        self.take(name, "an ID or a name", reference)
    }

    pub(super) fn references(&mut self, name: &str) -> Vec<Reference> {
        self.take(name, "a list of IDs or names", |value| {
            value.as_array()?.iter().map(reference).collect()
        })
        .unwrap_or_default()
    }

    pub(super) fn numbers(&mut self, name: &str) -> Vec<u64> {
        self.take(name, "a list of IDs", |value| {
            value.as_array()?.iter().map(Value::as_u64).collect()
        })
        .unwrap_or_default()
    }

    /// A list of which only the length matters.
    pub(super) fn is_filled(&mut self, name: &str) -> bool {
        self.take(name, "a list", |value| {
            value.as_array().map(|list| !list.is_empty())
        })
        .unwrap_or_default()
    }

    pub(super) fn labels(&mut self, name: &str) -> Option<Labels> {
        let value = self.fields.remove(name)?;
        match labels::parse(&value) {
            Ok(labels) => Some(labels),
            Err(message) => {
                self.wrong(name, message);
                None
            }
        }
    }

    /// An object inside this one; problems with its fields are this one's.
    pub(super) fn object<T>(
        &mut self,
        name: &str,
        known: &[&str],
        read: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let fields = self.take(name, "an object", |value| value.as_object().cloned())?;
        let mut inner = Self::of(fields, known);
        let found = read(&mut inner);
        let problems = inner.problems.into_iter();
        self.problems
            .extend(problems.map(|(field, message)| (format!("{name}.{field}"), message)));
        Some(found)
    }

    /// A field that has to be there; something harmless stands in for it until [`Input::done`].
    pub(super) fn required<T: Default>(&mut self, name: &str, value: Option<T>) -> T {
        value.unwrap_or_else(|| {
            if self.problems.iter().all(|(field, _)| field != name) {
                self.wrong(name, "is missing");
            }
            T::default()
        })
    }

    /// A name that has to keep a rule.
    pub(super) fn name(
        &mut self,
        name: &str,
        value: Option<String>,
        rule: fn(&str) -> Result<(), &'static str>,
    ) -> Option<String> {
        if let Some(Err(message)) = value.as_deref().map(rule) {
            self.wrong(name, message);
        }
        value
    }

    /// Refuses the request if anything was wrong.
    pub(super) fn done(self) -> Result<(), ApiError> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(ApiError::invalid(&self.problems))
        }
    }
}

impl Default for Reference {
    fn default() -> Self {
        Self::Id(0)
    }
}

fn reference(value: &Value) -> Option<Reference> {
    value
        .as_u64()
        .map(Reference::Id)
        .or_else(|| value.as_str().map(|name| Reference::Name(name.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_is_named() {
        let body =
            br#"{"name":5,"size":"x","extra":1,"inner":{"deep":"no","other":1},"gone":null}"#;
        let mut input = Input::parse(body, &["name", "size", "inner", "gone"]).unwrap();
        let name = input.text("name");
        input.required("name", name);
        input.number("size");
        input.object("inner", &["deep"], |inner| inner.flag("deep"));
        let gone = input.text("gone");
        input.required("gone", gone);
        let error = input.done().unwrap_err();
        let fields: Vec<_> = error.details["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|field| field["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            fields,
            ["extra", "name", "size", "inner.other", "inner.deep", "gone"]
        );
    }

    #[test]
    fn a_body_is_an_object_or_nothing() {
        assert!(Input::parse(b"", &[]).unwrap().done().is_ok());
        for body in ["[]", "{", "5", "\"x\""] {
            assert_eq!(
                Input::parse(body.as_bytes(), &[]).unwrap_err().code,
                "json_error"
            );
        }
    }

    #[test]
    fn things_are_meant_by_number_or_name() {
        let name = Reference::Name("12".to_owned());
        assert!(name.means(12, "x") && name.means(3, "12") && !name.means(3, "x"));
        assert!(Reference::Id(12).means(12, "x") && !Reference::Id(12).means(3, "12"));
    }
}

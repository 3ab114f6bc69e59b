//! The fields of a record's object, each read with an error that names it.

use discuss_domain::entities::{EntityType, Label, RecordId, RecordRef};
use discuss_domain::{TenantId, UserId};
use serde_json::{Map, Value};

use super::Unreadable;

/// People of one event at most.
const MOST_PEOPLE: usize = 1_000;
/// In 1973: what is less is in seconds, and would count as older than all else.
const FIRST_MS: i64 = 100_000_000_000;
/// The end of the year 9999.
const LAST_MS: i64 = 253_402_300_799_999;

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// The object in a record's value: as it is, or encoded a second time as a text.
pub(super) fn object(value: &[u8]) -> Result<Object, Unreadable> {
    let parsed = match serde_json::from_slice(value) {
        Ok(Value::String(inner)) => serde_json::from_str(&inner),
        parsed => parsed,
    };
    match parsed {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Unreadable("the value must be a JSON object".to_owned())),
        Err(error) => Err(Unreadable(format!("the value is no JSON: {error}"))),
    }
}

/// The fields of an object, and what stands before their names in errors.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    object: &'a Object,
    path: &'static str,
}

impl<'a> Fields<'a> {
    pub(super) const fn of(object: &'a Object) -> Self {
        Self { object, path: "" }
    }

    /// The object in a field; `path` is its name with a point.
    pub(super) fn object(self, name: &str, path: &'static str) -> Result<Self, Unreadable> {
        match self.get(name) {
            Some(Value::Object(object)) => Ok(Self { object, path }),
            Some(_) => Err(self.wrong(name, "must be an object")),
            None => Err(self.wrong(name, "is required")),
        }
    }

    /// A field's value; null is left out.
    pub(super) fn get(self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// An error about a field.
    pub(super) fn wrong(self, name: &str, what: &str) -> Unreadable {
        Unreadable(format!("{}{name}: {what}", self.path))
    }

    /// What is required of a field that may be left out.
    pub(super) fn require<T>(self, name: &str, value: Option<T>) -> Result<T, Unreadable> {
        value.ok_or_else(|| self.wrong(name, "is required"))
    }

    /// The first of these fields that is there; without any the first name stands for all.
    pub(super) fn first<'n>(self, names: &[&'n str]) -> &'n str {
        let found = names.iter().find(|name| self.get(name).is_some());
        found.or(names.first()).copied().unwrap_or_default()
    }

    pub(super) fn text(self, name: &str) -> Result<Option<&'a str>, Unreadable> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.contains('\0') => {
                Err(self.wrong(name, "must not contain the character U+0000"))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "must be a text")),
        }
    }

    pub(super) fn label(self, name: &str) -> Result<Option<Label>, Unreadable> {
        let label = self.text(name)?.map(Label::parse).transpose();
        let label = label.map_err(|error| self.wrong(name, &error.to_string()))?;
        Ok(label.flatten())
    }

    /// An event's id: a text, or a number.
    pub(super) fn event_id(self, name: &str) -> Result<Option<String>, Unreadable> {
        if let Some(Value::Number(number)) = self.get(name) {
            return Ok(Some(number.to_string()));
        }
        let text = self.text(name)?;
        Ok(text.filter(|text| !text.is_empty()).map(str::to_owned))
    }

    /// Epoch milliseconds.
    pub(super) fn at_ms(self, name: &str) -> Result<Option<i64>, Unreadable> {
        let Some(at_ms) = self.number(name)? else {
            return Ok(None);
        };
        if (FIRST_MS..=LAST_MS).contains(&at_ms) {
            Ok(Some(at_ms))
        } else {
            Err(self.wrong(name, "must be epoch milliseconds"))
        }
    }

    pub(super) fn tenant(self) -> Result<TenantId, Unreadable> {
        const NAME: &str = "tenantId";
        let number = self.require(NAME, self.number(NAME)?)?;
        TenantId::parse(number).map_err(|error| self.wrong(NAME, &error.to_string()))
    }

    /// A person; 0 is nobody.
    pub(super) fn user(self, name: &str) -> Result<Option<UserId>, Unreadable> {
        let number = self.number(name)?.filter(|number| *number != 0);
        let user = number.map(UserId::parse).transpose();
        user.map_err(|error| self.wrong(name, &error.to_string()))
    }

    pub(super) fn users(self, name: &str) -> Result<Vec<UserId>, Unreadable> {
        let list = match self.get(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(list)) if list.len() <= MOST_PEOPLE => list,
            Some(Value::Array(_)) => return Err(self.wrong(name, "must name at most 1000 people")),
            Some(_) => return Err(self.wrong(name, "must be a list")),
        };
        let user = |value: &Value| {
            let user = whole_number(value).and_then(|number| UserId::parse(number).ok());
            user.ok_or_else(|| self.wrong(name, "must be a list of user ids"))
        };
        list.iter().map(user).collect()
    }

    /// The record of this sort whose id is in a field.
    pub(super) fn record(self, name: &str, sort: EntityType) -> Result<RecordRef, Unreadable> {
        let value = self.require(name, self.get(name))?;
        self.record_of(name, value, sort)
    }

    /// The record of this sort whose id is this value of a field.
    pub(super) fn record_of(
        self,
        name: &str,
        value: &Value,
        sort: EntityType,
    ) -> Result<RecordRef, Unreadable> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
            _ => return Err(self.wrong(name, "must be a whole number or a text")),
        };
        let id = RecordId::parse(&text).map_err(|error| self.wrong(name, &error.to_string()))?;
        Ok(RecordRef { sort, id })
    }

    fn number(self, name: &str) -> Result<Option<i64>, Unreadable> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let number = whole_number(value);
        let number = number.ok_or_else(|| self.wrong(name, "must be a whole number"))?;
        Ok(Some(number))
    }
}

/// A number, or a text of digits.
fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

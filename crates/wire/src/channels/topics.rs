//! Channels of business records in requests.

use discuss_domain::channels::ChannelName;
use discuss_domain::entities::{EntityType, Label, RecordId, RecordRef};
use serde_json::Value;

use super::CreateChannelRequest;
use crate::errors::{FieldError, InField};

/// A checked request for the channel of a business record.
#[derive(Debug, PartialEq, Eq)]
pub struct NewTopic {
    /// The record.
    pub record: RecordRef,
    /// What it is called, as far as who asks knows.
    pub name: Option<Label>,
}

impl CreateChannelRequest {
    pub(super) fn parse_topic(&self) -> Result<NewTopic, FieldError> {
        let required = |field| FieldError::new(field, "is required");
        let sort = self.entity_type.as_deref();
        let sort = sort.ok_or_else(|| required("entityType"))?;
        let id = match &self.entity_id {
            None => return Err(required("entityId")),
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) if id.is_i64() || id.is_u64() => id.to_string(),
            Some(_) => return Err(FieldError::new("entityId", "must be a number or a string")),
        };
        let record = record(sort, &id)?;
        Ok(NewTopic {
            name: self.record_name(&record)?,
            record,
        })
    }

    /// What the record is called. The channel is "Customer: Acme", the record "Acme": either may be said.
    fn record_name(&self, record: &RecordRef) -> Result<Option<Label>, FieldError> {
        let Some(name) = &self.name else {
            return Ok(None);
        };
        let name = ChannelName::parse(name).in_field("name")?;
        let title = format!("{}:", record.sort.title());
        let name = name.as_str();
        Label::parse(name.strip_prefix(&title).unwrap_or(name)).in_field("name")
    }
}

/// The business record that these name.
pub fn record(entity_type: &str, entity_id: &str) -> Result<RecordRef, FieldError> {
    let sort = EntityType::find(entity_type).ok_or_else(|| {
        let known: Vec<&str> = EntityType::ALL.iter().map(|sort| sort.as_str()).collect();
        let message = format!("must be one of {}", known.join(", "));
        FieldError::new("entityType", message)
    })?;
    let id = RecordId::parse(entity_id).in_field("entityId")?;
    Ok(RecordRef { sort, id })
}

#[cfg(test)]
mod tests {
    use discuss_domain::UserId;
    use discuss_domain::channels::ChannelKind;
    use serde_json::json;

    use super::super::NewChannel;
    use super::*;

    fn parse(body: Value) -> Result<NewTopic, FieldError> {
        let request: CreateChannelRequest = serde_json::from_value(body).unwrap();
        match request.parse(UserId::from(1), Some(ChannelKind::Topic))? {
            NewChannel::Topic(topic) => Ok(topic),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_id_is_the_same_as_number_and_string() {
        let number = parse(json!({ "entityType": "CUSTOMER", "entityId": 7 })).unwrap();
        let string = parse(json!({ "entityType": "customer", "entityId": "7" })).unwrap();
        assert_eq!(number, string);
        assert_eq!(number.record.to_string(), "customer 7");
        assert_eq!(number.name, None);
    }

    #[test]
    fn the_sort_before_a_name_is_no_part_of_it() {
        for (name, label) in [
            ("Customer: Acme", Some("Acme")),
            ("Acme", Some("Acme")),
            ("Customer:", None),
        ] {
            let body = json!({ "entityType": "customer", "entityId": 7, "name": name });
            let parsed = parse(body).unwrap().name;
            assert_eq!(parsed.as_ref().map(Label::as_str), label, "{name}");
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (body, field) in [
            (json!({ "entityId": 7 }), "entityType"),
            (json!({ "entityType": "customer" }), "entityId"),
            (
                json!({ "entityType": "invoice", "entityId": 7 }),
                "entityType",
            ),
            (
                json!({ "entityType": "customer", "entityId": 7.5 }),
                "entityId",
            ),
            (
                json!({ "entityType": "customer", "entityId": [] }),
                "entityId",
            ),
            (
                json!({ "entityType": "customer", "entityId": " " }),
                "entityId",
            ),
            (
                json!({ "entityType": "customer", "entityId": 7, "name": " " }),
                "name",
            ),
        ] {
            assert_eq!(parse(body.clone()).unwrap_err().field, field, "{body}");
        }
    }
}

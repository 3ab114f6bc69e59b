//! The services of business records, which say who may see one: each is asked for the record itself, by
//! the caller's own token.

use std::time::Duration;

use discuss_domain::entities::{EntityType, RecordRef};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Url};

use super::http::{NoAnswer, Service, insert_bearer, traced};
use super::{ServiceSettings, ServiceSettingsError};
use crate::Context;
use crate::context::Passport;

/// The services of business records, as far as they are configured.
#[derive(Default)]
pub(crate) struct RecordServices {
    crm: Option<Service>,
    ptm: Option<Service>,
    pm: Option<Service>,
    purchase: Option<Service>,
    logistics: Option<Service>,
    logistics_path: String,
    limit: Duration,
}

/// What a record's service says of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// They may see the record.
    Yes,
    /// They may not.
    No,
    /// It does not take their token.
    WhoIsThat,
}

impl RecordServices {
    pub(super) fn new(
        settings: &ServiceSettings,
        client: &Client,
    ) -> Result<Self, ServiceSettingsError> {
        let service = |names, url: &Option<String>| {
            let url = url.as_deref();
            url.map(|url| Service::new(names, url, client)).transpose()
        };
        let logistics = service(("LOGISTICS_SERVICE_URL", "logistics"), &settings.logistics)?;
        let logistics_path = settings.logistics_path.clone();
        if logistics.is_some() && !logistics_path.contains("{id}") {
            return Err(ServiceSettingsError::LogisticsPath);
        }
        Ok(Self {
            crm: service(("CRM_SERVICE_URL", "crm"), &settings.crm)?,
            ptm: service(("PTM_SERVICE_URL", "ptm"), &settings.ptm)?,
            pm: service(("PM_SERVICE_URL", "pm"), &settings.pm)?,
            purchase: service(("PURCHASE_SERVICE_URL", "purchase"), &settings.purchase)?,
            logistics,
            logistics_path,
            limit: settings.limit,
        })
    }

    /// No answer takes longer.
    pub(crate) const fn limit(&self) -> Duration {
        self.limit
    }

    /// Is there anybody to be asked about any record?
    pub(crate) const fn is_empty(&self) -> bool {
        self.crm.is_none()
            && self.ptm.is_none()
            && self.pm.is_none()
            && self.purchase.is_none()
            && self.logistics.is_none()
    }

    /// Is there anybody to be asked about records of this sort?
    pub(crate) const fn knows(&self, sort: EntityType) -> bool {
        self.service(sort).is_some()
    }

    /// Whether the caller may see the record. A service that can't be asked about such a record says no.
    pub(crate) async fn may_see(
        &self,
        context: &Context,
        record: &RecordRef,
    ) -> Result<Says, NoAnswer> {
        let Some(service) = self.service(record.sort) else {
            return Ok(Says::No);
        };
        let Some(url) = self.url(service, record) else {
            return Ok(Says::No);
        };
        match service.status(url, headers(context)).await? {
            200 => Ok(Says::Yes),
            401 => Ok(Says::WhoIsThat),
            403 | 404 => Ok(Says::No),
            status => Err(NoAnswer::Unusable(service.name(), status.to_string())),
        }
    }

    const fn service(&self, sort: EntityType) -> Option<&Service> {
        match sort {
            EntityType::Customer | EntityType::Lead | EntityType::Opportunity => self.crm.as_ref(),
            EntityType::Task => self.ptm.as_ref(),
            EntityType::Project | EntityType::WorkItem => self.pm.as_ref(),
            EntityType::Order => self.purchase.as_ref(),
            EntityType::Shipment | EntityType::InventoryItem => self.logistics.as_ref(),
            // The purchase service has no address for one.
            EntityType::Supplier => None,
        }
    }

    fn url(&self, service: &Service, record: &RecordRef) -> Option<Url> {
        let path = path(record.sort, &self.logistics_path);
        let id = addressable(record)?;
        let put_in = |segment: &str| {
            let segment = segment.replace("{type}", record.sort.as_str());
            segment.replace("{id}", id)
        };
        let segments: Vec<String> = path.trim_matches('/').split('/').map(put_in).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        Some(service.url(&segments))
    }
}

/// Where a service has such records.
const fn path(sort: EntityType, logistics: &str) -> &str {
    match sort {
        EntityType::Customer => "crm/api/v1/customers/{id}",
        EntityType::Lead => "crm/api/v1/leads/{id}",
        EntityType::Opportunity => "crm/api/v1/opportunities/{id}",
        EntityType::Task => "ptm-task/api/v1/tasks/{id}",
        EntityType::Project => "pm-core/api/v1/projects/{id}",
        EntityType::WorkItem => "pm-core/api/v1/work-items/{id}",
        EntityType::Order | EntityType::Supplier => "purchase-service/api/v1/order/search/{id}",
        EntityType::Shipment | EntityType::InventoryItem => logistics,
    }
}

/// The record's id, if it can lead to a record only: `customers/search` would be another page of CRM, and
/// `customers/..` too.
fn addressable(record: &RecordRef) -> Option<&str> {
    let id = record.id.as_str();
    let is_good = match record.sort {
        EntityType::Order
        | EntityType::Supplier
        | EntityType::Shipment
        | EntityType::InventoryItem => id != "." && id != "..",
        _ => id.bytes().all(|byte| byte.is_ascii_digit()) && !id.starts_with('0'),
    };
    is_good.then_some(id)
}

/// Who asks, as they came themselves.
fn headers(context: &Context) -> HeaderMap {
    let mut headers = traced(context);
    match &context.passport {
        Passport::Token(token) => insert_bearer(&mut headers, token),
        Passport::TrustedHeaders => {
            headers.insert("x-user-id", HeaderValue::from(context.user().get()));
            headers.insert("x-tenant-id", HeaderValue::from(context.tenant().get()));
        }
        Passport::None => {}
    }
    headers
}

#[cfg(test)]
mod tests {
    use discuss_domain::entities::RecordId;

    use super::super::http;
    use super::*;

    fn url(sort: EntityType, id: &str) -> Option<String> {
        let base = Some("http://host:1/base/".to_owned());
        let settings = ServiceSettings {
            crm: base.clone(),
            ptm: base.clone(),
            pm: base.clone(),
            purchase: base.clone(),
            logistics: base,
            logistics_path: "/stock/{type}/{id}".to_owned(),
            ..ServiceSettings::default()
        };
        let client = http::client(settings.limit).unwrap();
        let services = RecordServices::new(&settings, &client).unwrap();
        let id = RecordId::parse(id).unwrap();
        let record = RecordRef { sort, id };
        let url = services.url(services.service(sort)?, &record)?;
        Some(url.to_string())
    }

    #[test]
    fn each_sort_of_record_has_its_address() {
        for (sort, id, path) in [
            (EntityType::Customer, "7", "crm/api/v1/customers/7"),
            (EntityType::Lead, "7", "crm/api/v1/leads/7"),
            (EntityType::Opportunity, "7", "crm/api/v1/opportunities/7"),
            (EntityType::Task, "7", "ptm-task/api/v1/tasks/7"),
            (EntityType::Project, "7", "pm-core/api/v1/projects/7"),
            (EntityType::WorkItem, "7", "pm-core/api/v1/work-items/7"),
            (
                EntityType::Order,
                "SO-2024/00123?",
                "purchase-service/api/v1/order/search/SO-2024%2F00123%3F",
            ),
            (EntityType::Shipment, "S 1", "stock/shipment/S%201"),
            (EntityType::InventoryItem, "a", "stock/inventory_item/a"),
        ] {
            let expected = format!("http://host:1/base/{path}");
            assert_eq!(url(sort, id), Some(expected), "{sort:?}");
        }
        assert_eq!(url(EntityType::Supplier, "7"), None);
    }

    #[test]
    fn an_id_never_leads_to_another_page() {
        for id in ["search", "..", ".", "7/../8", "07", "-1", "7 "] {
            let led = url(EntityType::Customer, id);
            assert!(led.is_none() || id == "7 ", "{id}");
        }
        for id in ["..", "."] {
            assert_eq!(url(EntityType::Order, id), None, "{id}");
        }
    }

    #[test]
    fn nobody_is_asked_unless_configured() {
        let none = RecordServices::default();
        assert!(none.is_empty());
        assert!(EntityType::ALL.into_iter().all(|sort| !none.knows(sort)));
    }
}

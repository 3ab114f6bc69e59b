//! The account service: who somebody is, and of which tenant.

use discuss_domain::users::User;
use discuss_domain::{TenantId, UserId};
use discuss_wire::ids::IdNumber;
use reqwest::header::HeaderMap;
use reqwest::{Client, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::http::{NoAnswer, Service, insert_bearer, traced};
use super::tokens::OwnTokens;
use super::{ServiceSettings, ServiceSettingsError};
use crate::Context;

/// People that one search brings at most.
const PAGE: &str = "50";
/// Longest name, address and URL that are kept, in characters.
const MOST_CHARS: usize = 200;
const MOST_URL_CHARS: usize = 2_000;

/// The account service.
pub(crate) struct Account {
    service: Service,
    tokens: Option<OwnTokens>,
}

/// Somebody, as the account service knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// Their tenant; somebody of none is nobody here.
    pub(crate) tenant: Option<TenantId>,
    /// Who they are.
    pub(crate) user: User,
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Stored>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    id: IdNumber,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    avatar_url: Option<String>,
    organization_id: Option<IdNumber>,
}

impl Account {
    /// The service, if it is configured.
    pub(super) fn new(
        settings: &ServiceSettings,
        client: &Client,
    ) -> Result<Option<Self>, ServiceSettingsError> {
        let Some(url) = &settings.account else {
            return Ok(None);
        };
        let tokens = settings.client.as_ref();
        let tokens = tokens.map(|settings| OwnTokens::new(settings, client));
        Ok(Some(Self {
            service: Service::new(("ACCOUNT_SERVICE_URL", "account"), url, client)?,
            tokens: tokens.transpose()?,
        }))
    }

    /// Who has that id, if anybody.
    pub(crate) async fn find(
        &self,
        context: &Context,
        id: UserId,
    ) -> Result<Option<Person>, NoAnswer> {
        let url = self.users(Some(id));
        match self.ask::<Envelope<Stored>>(context, url).await? {
            (_, Some(said)) => Ok(person(said.data)),
            (404, None) => Ok(None),
            (status, None) => Err(NoAnswer::Unusable("account", status.to_string())),
        }
    }

    /// People of the caller's tenant that the service finds for `query`.
    pub(crate) async fn search(
        &self,
        context: &Context,
        query: &str,
    ) -> Result<Vec<Person>, NoAnswer> {
        let mut url = self.users(None);
        url.query_pairs_mut()
            .append_pair("organizationId", &context.tenant().to_string())
            .append_pair("search", query)
            .append_pair("page", "0")
            .append_pair("pageSize", PAGE)
            .append_pair("status", "ACTIVE");
        match self.ask::<Envelope<Page>>(context, url).await? {
            (_, Some(said)) => Ok(said.data.items.into_iter().filter_map(person).collect()),
            (status, None) => Err(NoAnswer::Unusable("account", status.to_string())),
        }
    }

    fn users(&self, id: Option<UserId>) -> Url {
        let id = id.map(|id| id.to_string());
        let path = ["internal", "api", "v1", "users"].into_iter();
        let path: Vec<&str> = path.chain(id.as_deref()).collect();
        self.service.url(&path)
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        context: &Context,
        url: Url,
    ) -> Result<(u16, Option<T>), NoAnswer> {
        let mut headers: HeaderMap = traced(context);
        let Some(tokens) = &self.tokens else {
            return self.service.get(url, headers).await;
        };
        let token = tokens.get().await?;
        insert_bearer(&mut headers, &token);
        let answer = self.service.get(url, headers).await?;
        if answer.0 == 401 {
            tokens.forget(&token).await;
        }
        Ok(answer)
    }
}

/// The person of an account; nothing where its id can't be one.
fn person(account: Stored) -> Option<Person> {
    let id = UserId::parse(account.id.0).ok()?;
    let organization = account.organization_id.map(|id| TenantId::parse(id.0));
    let names = [account.first_name, account.last_name].map(Option::unwrap_or_default);
    Some(Person {
        tenant: organization.transpose().ok()?,
        user: User {
            id,
            name: text(&names.join(" "), MOST_CHARS),
            email: text(&account.email.unwrap_or_default(), MOST_CHARS),
            avatar_url: text(&account.avatar_url.unwrap_or_default(), MOST_URL_CHARS),
        },
    })
}

/// A text that can be stored; nothing if nothing is left of it.
fn text(said: &str, most: usize) -> Option<String> {
    let text: String = said
        .chars()
        .filter(|character| *character != '\0')
        .collect();
    let text: String = text.trim().chars().take(most).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Person> {
        person(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_person_is_read_as_the_service_writes_them() {
        let read = read(
            r#"{"id":17,"email":"an@example.com","firstName":" An","lastName":"Nguyễn ",
                "avatarUrl":"","organizationId":"3","status":"ACTIVE","roles":[]}"#,
        );
        let user = User {
            name: Some("An Nguyễn".to_owned()),
            email: Some("an@example.com".to_owned()),
            ..User::unknown(UserId::from(17))
        };
        let tenant = Some(TenantId::from(3));
        assert_eq!(read, Some(Person { tenant, user }));
    }

    #[test]
    fn somebody_without_a_name_or_a_tenant_is_read_too() {
        let read = read(r#"{"id":"17","firstName":null,"lastName":"\u0000"}"#).unwrap();
        assert_eq!(read.tenant, None);
        assert_eq!(read.user, User::unknown(UserId::from(17)));
    }
}

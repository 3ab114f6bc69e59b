//! The keys in a JWKS that tokens may be signed with.

use std::collections::HashMap;
use std::sync::Arc;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use serde::Deserialize;

/// Keys by their ids.
pub(super) type KeysById = HashMap<String, Arc<DecodingKey>>;

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

/// The keys for RS256; others, and what can't be read, are left out.
pub(super) fn parse(document: &[u8]) -> Result<KeysById, serde_json::Error> {
    let Document { keys } = serde_json::from_slice(document)?;
    let keys = keys.into_iter().filter_map(|key| {
        let jwk: Jwk = serde_json::from_value(key).ok()?;
        let key = DecodingKey::from_jwk(&jwk).ok().filter(|_| is_ours(&jwk))?;
        Some((jwk.common.key_id?, Arc::new(key)))
    });
    Ok(keys.collect())
}

/// Is it an RSA key that may be used for RS256, and for signatures?
fn is_ours(jwk: &Jwk) -> bool {
    let common = &jwk.common;
    let operations = common.key_operations.as_ref();
    matches!(jwk.algorithm, AlgorithmParameters::RSA(_))
        && matches!(common.key_algorithm, None | Some(KeyAlgorithm::RS256))
        && matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
        && operations.is_none_or(|operations| operations.contains(&KeyOperations::Verify))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rsa(id: &str, more: &[(&str, Value)]) -> Value {
        let mut key = json!({ "kty": "RSA", "kid": id, "n": "sXchDaQ", "e": "AQAB" });
        for (name, value) in more {
            key[*name] = value.clone();
        }
        key
    }

    #[test]
    fn only_rsa_keys_that_verify_rs256_are_taken() {
        let document = json!({ "keys": [
            rsa("signs", &[("use", "sig".into()), ("alg", "RS256".into())]),
            rsa("bare", &[]),
            rsa("verifies", &[("key_ops", json!(["verify"]))]),
            rsa("encrypts", &[("use", "enc".into()), ("alg", "RSA-OAEP".into())]),
            rsa("only enc", &[("use", "enc".into())]),
            rsa("wraps", &[("key_ops", json!(["wrapKey"]))]),
            rsa("RS512", &[("alg", "RS512".into())]),
            rsa("broken", &[("n", "?".into())]),
            { "kty": "oct", "kid": "secret", "k": "c2VjcmV0", "alg": "HS256" },
            { "kty": "EC", "kid": "curve", "crv": "P-256", "x": "eA", "y": "eQ" },
            { "kty": "new", "kid": "unheard of" },
            { "kty": "RSA", "n": "sXchDaQ", "e": "AQAB" },
            7,
        ]});
        let keys = parse(document.to_string().as_bytes()).unwrap();
        let mut ids: Vec<_> = keys.into_keys().collect();
        ids.sort();
        assert_eq!(ids, ["bare", "signs", "verifies"]);
    }

    #[test]
    fn what_is_no_jwks_is_an_error() {
        for text in ["", "{}", "[]", r#"{"keys":{}}"#, "<html>"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}

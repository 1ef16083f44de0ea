//! Reviews as they are written: every field that version v1 has, each of its type.
//!
//! A server refuses what has another type, also where RBAC doesn't look at the field. Fields that v1
//! doesn't have are refused as `kubectl create` refuses them; a server drops them unless it is asked to
//! be strict, and would answer another question than the one that was written.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::word::Word;
use crate::kube::RawMetadata;

/// A mapping that becomes a struct. A list isn't one, though formats let a list of its fields be.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

type Maybe<T> = Option<Object<T>>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Review<'a> {
    #[serde(borrow, default)]
    pub(super) api_version: Word<'a>,
    #[serde(borrow, default)]
    pub(super) kind: Word<'a>,
    #[serde(borrow, default)]
    pub(super) metadata: Option<RawMetadata<'a>>,
    #[serde(borrow, default)]
    pub(super) spec: Maybe<Spec<'a>>,
    #[serde(borrow, default, rename = "status")]
    _status: Maybe<GivenStatus<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Spec<'a> {
    #[serde(borrow, default)]
    pub(super) user: Option<Word<'a>>,
    #[serde(borrow, default)]
    pub(super) groups: Option<Vec<Word<'a>>>,
    #[serde(borrow, default, rename = "uid")]
    _uid: Option<Word<'a>>,
    #[serde(borrow, default, rename = "extra")]
    _extra: Option<BTreeMap<Cow<'a, str>, Option<Vec<Word<'a>>>>>,
    #[serde(borrow, default)]
    pub(super) resource_attributes: Maybe<ReviewedResource<'a>>,
    #[serde(borrow, default)]
    pub(super) non_resource_attributes: Maybe<ReviewedUrl<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReviewedResource<'a> {
    #[serde(borrow, default)]
    pub(super) namespace: Option<Word<'a>>,
    #[serde(borrow, default)]
    pub(super) verb: Option<Word<'a>>,
    #[serde(borrow, default)]
    pub(super) group: Option<Word<'a>>,
    #[serde(borrow, default, rename = "version")]
    _version: Option<Word<'a>>,
    #[serde(borrow, default)]
    pub(super) resource: Option<Word<'a>>,
    #[serde(borrow, default)]
    pub(super) subresource: Option<Word<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Option<Word<'a>>,
    #[serde(borrow, default)]
    pub(super) field_selector: Maybe<Selector<'a>>,
    #[serde(borrow, default)]
    pub(super) label_selector: Maybe<Selector<'a>>,
}

/// What narrows a request. RBAC doesn't look at it, but a server does before RBAC is asked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Selector<'a> {
    #[serde(borrow, default)]
    pub(super) raw_selector: Option<Word<'a>>,
    #[serde(borrow, default)]
    pub(super) requirements: Option<Vec<Object<Requirement<'a>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Requirement<'a> {
    #[serde(borrow, default)]
    pub(super) key: Option<Word<'a>>,
    #[serde(borrow, default)]
    pub(super) operator: Option<Word<'a>>,
    #[serde(borrow, default)]
    pub(super) values: Option<Vec<Word<'a>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReviewedUrl<'a> {
    #[serde(borrow, default)]
    pub(super) path: Option<Word<'a>>,
    #[serde(borrow, default)]
    pub(super) verb: Option<Word<'a>>,
}

/// The status that a review came with. Nothing is made of it, but a server reads it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GivenStatus<'a> {
    #[serde(default, rename = "allowed")]
    _allowed: Option<bool>,
    #[serde(default, rename = "denied")]
    _denied: Option<bool>,
    #[serde(borrow, default, rename = "reason")]
    _reason: Option<Word<'a>>,
    #[serde(borrow, default, rename = "evaluationError")]
    _evaluation_error: Option<Word<'a>>,
    #[serde(default, rename = "conditionalDecision")]
    _conditional_decision: IgnoredAny,
}

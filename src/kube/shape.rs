//! Shapes of objects as they are written, before they are held against the API server's rules.
//!
//! They take whatever has the right shape and keep what an API server would refuse (unknown fields,
//! numbers for strings), so that one bad value doesn't stop the reading and the refusal can name it.

use std::borrow::Cow;
use std::fmt;

use compact_str::CompactString;
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A string, or what stands where a string belongs.
#[derive(Debug, Clone, PartialEq)]
pub enum Text<'a> {
    /// A string; null is the empty one.
    Str(Cow<'a, str>),
    /// A scalar that quotes would make a string, in words.
    Scalar(String),
    /// A list or mapping, in words.
    Nested(&'static str),
}

impl Text<'_> {
    /// What stands where a string belongs, and what to do about it.
    pub fn complaint(&self) -> Option<String> {
        match self {
            Text::Str(_) => None,
            Text::Scalar(what) => {
                Some(format!("{what}, where a string belongs (put it in quotes)"))
            }
            Text::Nested(what) => Some(format!("{what}, where a string belongs")),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Text::Str(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Text::Str(Cow::Owned(value.to_owned())))
            }
            fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
                Ok(Text::Str(Cow::Owned(value)))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Text::Str(Cow::Borrowed("")))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Text::Scalar(format!("the boolean `{value}`")))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Text::Scalar(format!("the number `{value}`")))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Text::Scalar(format!("the number `{value}`")))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                if !value.is_finite() {
                    return Ok(Text::Scalar("a number that is not finite".to_owned()));
                }
                Ok(Text::Scalar(format!("the number `{value}`")))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Text::Nested("a list"))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Text::Nested("a mapping"))
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

/// A string and nothing else; null is the empty one.
///
/// What stands there instead stops the reading, so that it is told at its own place; that of a [`Text`] is
/// told once the reading is done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StrictText<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for StrictText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StrictTextVisitor;
        impl<'de> Visitor<'de> for StrictTextVisitor {
            type Value = StrictText<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(StrictText(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(StrictText(Cow::Owned(value.to_owned())))
            }
            fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
                Ok(StrictText(Cow::Owned(value)))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(StrictText::default())
            }
        }
        deserializer.deserialize_any(StrictTextVisitor)
    }
}

impl From<StrictText<'_>> for CompactString {
    fn from(word: StrictText<'_>) -> Self {
        word.0.into()
    }
}

/// The string that stands there, if there is one and it isn't empty.
pub(super) fn named(word: Option<StrictText<'_>>) -> Option<CompactString> {
    word.filter(|word| !word.0.is_empty())
        .map(CompactString::from)
}

/// The string that stands there; an empty one where there is none.
pub(super) fn word(word: Option<StrictText<'_>>) -> CompactString {
    word.unwrap_or_default().into()
}

/// The strings of a list.
pub(super) fn words(words: Option<Vec<StrictText<'_>>>) -> Vec<CompactString> {
    let words = words.unwrap_or_default();
    // A list that is collected in place keeps the room that the reader took for it.
    let mut kept = Vec::with_capacity(words.len());
    kept.extend(words.into_iter().map(CompactString::from));
    kept
}

/// Up to how many keys it is quicker to look at each than to keep a set of them.
const FEW: usize = 16;

/// A map of strings in the order of the input, keys unique.
#[derive(Debug, Default)]
pub struct TextMap<'a>(pub(super) Vec<(String, Text<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for TextMap<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapVisitor;
        impl<'de> Visitor<'de> for MapVisitor {
            type Value = TextMap<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a mapping of strings")
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(TextMap::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries: Vec<(String, Text<'de>)> = Vec::new();
                let mut seen = hashbrown::HashSet::new();
                while let Some((key, value)) = map.next_entry::<String, Text<'de>>()? {
                    let is_repeated = if entries.len() < FEW {
                        entries.iter().any(|(known, _)| *known == key)
                    } else {
                        if seen.is_empty() {
                            seen.extend(entries.iter().map(|(known, _)| known.clone()));
                        }
                        !seen.insert(key.clone())
                    };
                    if is_repeated {
                        return Err(de::Error::custom(format_args!("duplicate field `{key}`")));
                    }
                    entries.push((key, value));
                }
                Ok(TextMap(entries))
            }
        }
        deserializer.deserialize_any(MapVisitor)
    }
}

/// A boolean that isn't spelled as a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub(super) bool);

/// Whether a flag is set.
pub(super) fn is_set(flag: Option<Flag>) -> bool {
    flag == Some(Flag(true))
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FlagVisitor;
        impl Visitor<'_> for FlagVisitor {
            type Value = Flag;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a boolean")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Flag(value))
            }
        }
        deserializer.deserialize_any(FlagVisitor)
    }
}

/// A key, borrowed where the format can.
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(value.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// Declares a mapping with known fields: each is optional, `null` leaves it out, and a second
/// occurrence is an error.
///
/// Keys after `given` are there even where they hold `null`.
/// Keys after `once` are known but not kept, and may not repeat; keys after `ignoring` are known and
/// not looked at. Other keys are passed over, or `keeping` their names so that a refusal can say them.
macro_rules! mapping {
    (
        $(#[$doc:meta])*
        $vis:vis struct $name:ident<$lt:lifetime> expecting $expecting:literal {
            $( $field:ident: $ty:ty = $key:literal, )*
        }
        $( given { $( $given:ident: $given_ty:ty = $given_key:literal ),* } )?
        $( once { $( $once:ident = $once_key:literal ),* } )?
        $( ignoring [ $( $ignored:literal ),* $(,)? ] )?
        $( keeping $unknown:ident )?
    ) => {
        $(#[$doc])*
        #[derive(Default)]
        $vis struct $name<$lt> {
            $( pub(super) $field: Option<$ty>, )*
            $( $( pub(super) $given: Option<$given_ty>, )* )?
            $( pub(super) $unknown: Vec<String>, )?
            marker: std::marker::PhantomData<&$lt ()>,
        }

        impl<'de: $lt, $lt> serde::Deserialize<'de> for $name<$lt> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::{Error, IgnoredAny, MapAccess, Visitor};

                struct MappingVisitor<$lt>(std::marker::PhantomData<&$lt ()>);
                impl<'de: $lt, $lt> Visitor<'de> for MappingVisitor<$lt> {
                    type Value = $name<$lt>;
                    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_unit<E>(self) -> Result<Self::Value, E> {
                        Ok($name::default())
                    }
                    fn visit_map<A: MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<Self::Value, A::Error> {
                        let mut value = $name::default();
                        $( let mut $field = false; )*
                        $( $( let mut $given = false; )* )?
                        $( $( let mut $once = false; )* )?
                        while let Some($crate::kube::shape::Key(key)) = map.next_key()? {
                            match &*key {
                                $( $key => {
                                    if std::mem::replace(&mut $field, true) {
                                        return Err(A::Error::duplicate_field($key));
                                    }
                                    value.$field = map.next_value()?;
                                } )*
                                $( $( $given_key => {
                                    if std::mem::replace(&mut $given, true) {
                                        return Err(A::Error::duplicate_field($given_key));
                                    }
                                    value.$given = Some(map.next_value()?);
                                } )* )?
                                $( $( $once_key => {
                                    if std::mem::replace(&mut $once, true) {
                                        return Err(A::Error::duplicate_field($once_key));
                                    }
                                    map.next_value::<IgnoredAny>()?;
                                } )* )?
                                $( $( $ignored => { map.next_value::<IgnoredAny>()?; } )* )?
                                _ => {
                                    $( value.$unknown.push(key.into_owned()); )?
                                    map.next_value::<IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(value)
                    }
                }
                deserializer.deserialize_any(MappingVisitor(std::marker::PhantomData))
            }
        }
    };
}
pub(super) use mapping;

//! How wire types are written: once, in Rust, with their TypeScript beside them.
//!
//! - [`open_enum!`]: known names or any other string, so that a new value never breaks a client.
//! - [`wire_struct!`]: an object whose unknown fields survive a round trip in `extra`. An `Option`
//!   is absent on the wire when `None`, and `null` reads as `None`. All other fields are required.
//!   The word `closed` after the name makes TypeScript refuse misspelt keys, `= redacted` after a type leaves the field's
//!   value out of `Debug`.
//! - [`wire_union!`]: objects told apart by a tag field; an unknown tag keeps the whole object, and with
//!   `or kept` after the tag so does an object of a known tag that does not have the documented shape.
//! - [`setters!`]: chainable setters for optional fields.
//!
//! `serde`'s own `flatten` would do the same at two to three times the cost per object, because it
//! buffers every field; streams decode one object per token. The TypeScript side exists only in
//! test builds (see `typescript.rs`) and costs the wasm nothing.

/// What a field type says of its absence.
pub(crate) trait WireField: Sized {
    /// Whether the field is left out when writing.
    fn is_absent(&self) -> bool {
        false
    }

    /// The value when the field is missing; `None` when it is required.
    fn when_missing() -> Option<Self> {
        None
    }
}

impl<T> WireField for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn when_missing() -> Option<Self> {
        Some(None)
    }
}

macro_rules! required_fields {
    ($($ty:ty),*) => { $(impl WireField for $ty {})* };
}
required_fields!(String, bool, u64, i64, f64, serde_json::Value, serde_json::Map<String, serde_json::Value>);
impl<T> WireField for Vec<T> {}

/// Shows the names of fields this version does not know: whether a value is a secret, it does not know either.
pub(crate) struct Names<'a>(pub(crate) &'a serde_json::Map<String, serde_json::Value>);

impl std::fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// An object's fields, for writing them after a tag.
pub(crate) trait WireObject {
    fn write_fields<M: serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error>;
}

/// A key that borrows from the text when it can.
pub(crate) struct Key<'de>(pub(crate) std::borrow::Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> serde::de::Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(std::borrow::Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(std::borrow::Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

macro_rules! wire_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}
pub(crate) use wire_name;

/// What `Debug` shows of a field.
macro_rules! shown {
    ($value:expr) => {
        $value
    };
    ($value:expr, redacted) => {
        &format_args!("[redacted]")
    };
}
pub(crate) use shown;

macro_rules! open_enum {
    (
        $(#[doc = $doc:literal])*
        pub enum $name:ident { $( $(#[doc = $vdoc:literal])* $variant:ident = $wire:literal ),* $(,)? }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[doc = $vdoc])* $variant, )*
            /// A value this version does not know, kept as it came.
            Other(String),
        }

        impl $name {
            /// The value as it stands on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $wire, )*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $wire => Self::$variant, )*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let $crate::macros::Key(text) = serde::Deserialize::deserialize(deserializer)?;
                Ok(Self::from(text.as_ref()))
            }
        }

        impl $crate::macros::WireField for $name {}

        #[cfg(test)]
        impl $crate::typescript::Typescript for $name {
            fn reference() -> String {
                stringify!($name).to_owned()
            }

            fn declare(to: &mut $crate::typescript::Declarations) {
                let values: Vec<String> = vec![ $( format!("{:?}", $wire) ),* ];
                to.add(stringify!($name), &[$($doc),*], &format!("type {} = {} | (string & {{}});", stringify!($name), values.join(" | ")));
            }
        }
    };
}
pub(crate) use open_enum;

macro_rules! wire_struct {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident $($closed:ident)? { $( $(#[doc = $fdoc:literal])* pub $field:ident $(as $wire:literal)? : $ty:ty $(= $redacted:ident)? ),* $(,)? }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq)]
        pub struct $name {
            $( $(#[doc = $fdoc])* pub $field: $ty, )*
            /// Fields this version does not know, kept as they came.
            pub extra: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            /// The names of the fields this version knows, as they stand on the wire.
            #[allow(dead_code, reason = "only objects whose input is checked by name need it")]
            pub(crate) const FIELDS: &'static [&'static str] = &[ $( $crate::macros::wire_name!($field $($wire)?) ),* ];
        }

        impl $crate::macros::WireField for $name {}

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $( .field(stringify!($field), $crate::macros::shown!(&self.$field $(, $redacted)?)) )*
                    .field("extra", &$crate::macros::Names(&self.extra))
                    .finish()
            }
        }

        impl $crate::macros::WireObject for $name {
            fn write_fields<M: serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                $( if !$crate::macros::WireField::is_absent(&self.$field) {
                    map.serialize_entry($crate::macros::wire_name!($field $($wire)?), &self.$field)?;
                } )*
                for (key, value) in &self.extra {
                    map.serialize_entry(key, value)?;
                }
                Ok(())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(None)?;
                $crate::macros::WireObject::write_fields(self, &mut map)?;
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor;
                impl<'de> serde::de::Visitor<'de> for ObjectVisitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("a ", stringify!($name), " object"))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        $( let mut $field: Option<$ty> = None; )*
                        let mut extra = serde_json::Map::new();
                        while let Some($crate::macros::Key(key)) = map.next_key()? {
                            match key.as_ref() {
                                $( $crate::macros::wire_name!($field $($wire)?) => $field = Some(map.next_value()?), )*
                                _ => {
                                    extra.insert(key.into_owned(), map.next_value()?);
                                }
                            }
                        }
                        Ok($name {
                            $( $field: match $field.or_else(<$ty as $crate::macros::WireField>::when_missing) {
                                Some(value) => value,
                                None => return Err(serde::de::Error::missing_field($crate::macros::wire_name!($field $($wire)?))),
                            }, )*
                            extra,
                        })
                    }
                }
                deserializer.deserialize_map(ObjectVisitor)
            }
        }

        #[cfg(test)]
        impl $crate::typescript::Typescript for $name {
            fn reference() -> String {
                stringify!($name).to_owned()
            }

            fn declare(to: &mut $crate::typescript::Declarations) {
                if to.has(stringify!($name)) { return; }
                let fields: Vec<String> = vec![ $( $crate::typescript::field::<$ty>($crate::macros::wire_name!($field $($wire)?), &[$($fdoc),*]) ),* ];
                to.add(stringify!($name), &[$($doc),*], &format!("interface {} {{\n{}{}}}", stringify!($name), fields.concat(), $crate::typescript::rest(stringify!($($closed)?))));
                $( <$ty as $crate::typescript::Typescript>::declare(to); )*
            }
        }
    };
}
pub(crate) use wire_struct;

macro_rules! wire_union {
    (
        $(#[doc = $doc:literal])*
        pub enum $name:ident by $tag:literal $(or $kept:ident)? { $( $(#[doc = $vdoc:literal])* $variant:ident($inner:ty) = $wire:literal ),* $(,)? }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[doc = $vdoc])* $variant($inner), )*
            /// An object this version does not know, kept as it came.
            Other(serde_json::Map<String, serde_json::Value>),
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $( Self::$variant(inner) => f.debug_tuple(stringify!($variant)).field(inner).finish(), )*
                    Self::Other(object) => f.debug_tuple("Other").field(&$crate::macros::Names(object)).finish(),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap;
                match self {
                    $( Self::$variant(inner) => {
                        let mut map = serializer.serialize_map(None)?;
                        map.serialize_entry($tag, $wire)?;
                        $crate::macros::WireObject::write_fields(inner, &mut map)?;
                        map.end()
                    } )*
                    Self::Other(object) => serde::Serialize::serialize(object, serializer),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let mut object = <serde_json::Map<String, serde_json::Value>>::deserialize(deserializer)?;
                let tag = object.get($tag).and_then(serde_json::Value::as_str).unwrap_or("").to_owned();
                let strict = <[&str]>::is_empty(&[$(stringify!($kept))?]);
                match tag.as_str() {
                    $( $wire => {
                        let tag = object.shift_remove($tag);
                        let value = serde_json::Value::Object(object);
                        if strict {
                            return <$inner>::deserialize(value).map(Self::$variant).map_err(serde::de::Error::custom);
                        }
                        match (<$inner>::deserialize(&value), value) {
                            (Ok(inner), _) => Ok(Self::$variant(inner)),
                            (Err(_), serde_json::Value::Object(mut object)) => {
                                object.extend(tag.map(|tag| ($tag.to_owned(), tag)));
                                Ok(Self::Other(object))
                            }
                            (Err(fault), _) => Err(serde::de::Error::custom(fault)),
                        }
                    } )*
                    _ => Ok(Self::Other(object)),
                }
            }
        }

        impl $crate::macros::WireField for $name {}

        #[cfg(test)]
        impl $crate::typescript::Typescript for $name {
            fn reference() -> String {
                stringify!($name).to_owned()
            }

            fn declare(to: &mut $crate::typescript::Declarations) {
                if to.has(stringify!($name)) { return; }
                let kinds: Vec<String> = vec![ $( format!("({{ {}: {:?} }} & {})", $tag, $wire, <$inner as $crate::typescript::Typescript>::reference()) ),* ];
                to.add(stringify!($name), &[$($doc),*], &format!("type {} =\n  | {};", stringify!($name), kinds.join("\n  | ")));
                $( <$inner as $crate::typescript::Typescript>::declare(to); )*
            }
        }
    };
}
pub(crate) use wire_union;

/// Chainable setters for `Option` fields, named as the fields.
macro_rules! setters {
    ($( $(#[doc = $doc:literal])* $field:ident: $ty:ty ),* $(,)?) => {
        $(
            $(#[doc = $doc])*
            #[must_use]
            pub fn $field(mut self, $field: impl Into<$ty>) -> Self {
                self.$field = Some($field.into());
                self
            }
        )*
    };
}
pub(crate) use setters;

/// What an answer tells of its head, for types that hold it as `meta`.
macro_rules! meta_views {
    () => {
        /// The id to quote to Databricks support (`x-request-id`).
        #[must_use]
        pub fn request_id(&self) -> Option<&str> {
            self.meta.request_id.as_deref()
        }

        /// Which served entity answered (`served-model-name`).
        #[must_use]
        pub fn served_model_name(&self) -> Option<&str> {
            self.meta.served_model_name.as_deref()
        }

        /// How many requests were sent for this answer.
        #[must_use]
        pub fn attempts(&self) -> u32 {
            self.meta.attempts
        }
    };
}
pub(crate) use meta_views;

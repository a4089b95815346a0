//! Lists that come in pages.

use super::or_default;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// One page of a list.
pub(crate) trait Page: DeserializeOwned {
    /// What it lists.
    type Item;
    /// The things on it, and the number of the next page if there is one.
    fn turn(self) -> (Vec<Self::Item>, Option<u64>);
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Meta {
    #[serde(default, deserialize_with = "or_default")]
    pagination: Pagination,
}

#[derive(Debug, Default, Deserialize)]
struct Pagination {
    #[serde(default)]
    next_page: Option<u64>,
}

impl Meta {
    pub(super) fn next(&self) -> Option<u64> {
        self.pagination.next_page
    }
}

/// A page whose things stand under the given name.
macro_rules! page {
    ($(#[$doc:meta])* $name:ident, $field:ident: $item:ty) => {
        $(#[$doc])*
        #[derive(Debug, serde::Deserialize)]
        pub(crate) struct $name {
            $field: Vec<$item>,
            #[serde(default, deserialize_with = "crate::wire::or_default")]
            meta: crate::wire::page::Meta,
        }

        impl crate::wire::Page for $name {
            type Item = $item;
            fn turn(self) -> (Vec<$item>, Option<u64>) {
                let next = self.meta.next();
                (self.$field, next)
            }
        }
    };
}
pub(super) use page;

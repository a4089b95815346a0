//! Errors of a product's own, and what it cannot do because it is rented.

use super::Rental;
use provision_api::{Error, ErrorKind};

impl Rental {
    /// An error of this product's.
    pub(crate) fn error(
        &self,
        kind: ErrorKind,
        operation: impl Into<String>,
        message: impl Into<String>,
    ) -> Error {
        Error::new(kind, self.client.provider(), operation, message)
    }

    /// What is said to an order.
    pub(crate) fn not_for_sale(&self, name: &str) -> Error {
        let message = format!(
            "a {} is rented at the vendor's, not created here; rent one, and name it with --server",
            self.product.noun
        );
        self.error(
            ErrorKind::Unsupported,
            format!("create server {name}"),
            message,
        )
    }

    /// What is said to whoever wants a service gone.
    pub(crate) fn not_cancelled(&self, service: &str) -> Error {
        let message = format!(
            "a {} is rented: teardown never cancels a contract, it can only be released; cancel \
             it in the control panel",
            self.product.noun
        );
        self.error(ErrorKind::Unsupported, format!("delete {service}"), message)
    }
}

//! A way to the server's screen and keyboard.

use crate::Hetzner;
use crate::wire::ConsoleAnswer;
use provision_api::http::Request;
use provision_api::{Console, OwnedServer, Result};
use secrecy::SecretString;

impl Hetzner {
    /// An address that is good for one minute, and its password.
    pub(crate) async fn screen(&self, server: &OwnedServer) -> Result<Console> {
        let id = server.id();
        let operation = format!("open the console of server {}", server.server().name);
        let path = format!("/servers/{id}/actions/request_console");
        // another one does no harm to the first
        let request = Request::post(path, operation).harmless();
        let answer = self.http.call::<ConsoleAnswer>(&request).await?;
        Ok(Console {
            url: answer.wss_url,
            password: answer.password.map(SecretString::from),
        })
    }
}

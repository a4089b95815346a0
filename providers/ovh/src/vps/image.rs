//! Writes the vendor's images to the disk: the one that is wanted, or the one it came with.

use super::Vps;
use super::convert::LOCAL;
use super::wire::{Image, Rebuild};
use crate::client::segment;
use crate::rented::{done_after, gather, keep, known, own_turn, release, still_to_release, then};
use provision_api::{Accepted, ErrorKind, KeyId, OwnedServer, Result, Stage, Task};

/// The vendor's word for the task.
const REBUILD: &str = "reinstallVm";

impl Vps {
    /// Writes the image to the disk and boots it. The key goes to the image's default user, who
    /// may become root.
    ///
    /// Stages: boot from the disk next (0), write (1), be on (2).
    pub(super) async fn rebuild(
        &self,
        server: &OwnedServer,
        image: &str,
        keys: &[KeyId],
        stage: Stage,
    ) -> Result<Accepted> {
        let service = server.id().as_str();
        let operation = format!("rebuild {service}");
        if stage.0 >= 2 {
            return self.switched_on(server).await.map(done_after);
        }
        // what cannot succeed is refused before anything is changed
        let key = self.rental.only_key(keys, &operation)?;
        let image = self.image(service, image, &operation).await?;
        if let Some(tasks) = self.disk_first(server, stage).await? {
            return Ok(then(tasks, 1));
        }
        Ok(then(self.write(server, &image, Some(key)).await?, 2))
    }

    /// Gives the server back: with a reset its disk is set to the image that the vendor wrote
    /// last, whose password the vendor mails to the account's contact. Without one it boots what
    /// is on its disk from then on. The marks go last, so that whatever fails before can be
    /// tried again.
    ///
    /// Stages: boot from the disk next (0), write (1), be nobody's (2).
    pub(super) async fn release(
        &self,
        server: &OwnedServer,
        reset: bool,
        stage: Stage,
    ) -> Result<Accepted> {
        let service = server.id().as_str();
        let Some(now) = still_to_release(self, server).await? else {
            return Ok(Accepted::default());
        };
        if reset && stage.0 < 2 {
            let image = self.current_image(service).await?;
            if let Some(tasks) = self.disk_first(server, stage).await? {
                return Ok(then(tasks, 1));
            }
            return Ok(then(self.write(server, &image, None).await?, 2));
        }
        if stage == Stage(0)
            // whoever had it next would be in the rescue system for ever
            && now.rescue_armed
            && let Some(tasks) = self.disk_first(server, stage).await?
        {
            return Ok(then(tasks, 2));
        }
        release(self, server).await?;
        Ok(Accepted::default())
    }

    /// At the first stage, if the rescue system is armed, disarms it.
    async fn disk_first(&self, server: &OwnedServer, stage: Stage) -> Result<Option<Vec<Task>>> {
        if stage != Stage(0) {
            return Ok(None);
        }
        let detail = self.detail(server.id().as_str()).await?;
        self.set_netboot(server, &detail, LOCAL).await
    }

    async fn write(
        &self,
        server: &OwnedServer,
        image: &Image,
        key: Option<&str>,
    ) -> Result<Vec<Task>> {
        let service = server.id().as_str();
        let turn = own_turn(self, server, REBUILD, &format!("rebuild {service}")).await?;
        let body = Rebuild {
            image_id: &image.id,
            public_ssh_key: key,
            do_not_send_password: key.is_some(),
        };
        self.rental
            .act(service, &turn, "rebuild", Some(&body))
            .await
    }

    /// The image of that name, however it is spelt (`Debian 13`, `debian-13`).
    async fn image(&self, service: &str, wanted: &str, operation: &str) -> Result<Image> {
        let images = self.images(service).await?;
        let exact = images.iter().find(|image| image.name == wanted);
        let alike = || {
            let mut alike = images.iter().filter(|i| plain(&i.name) == plain(wanted));
            // two that differ in spelling only are told apart by their exact names
            alike.next().filter(|_| alike.next().is_none())
        };
        if let Some(image) = exact.or_else(alike) {
            return Ok(image.clone());
        }
        let mut names: Vec<_> = images.iter().map(|image| image.name.as_str()).collect();
        names.sort_unstable();
        let message = match names.join(", ") {
            none if none.is_empty() => format!("there is no image {wanted:?}, and no other"),
            names => format!("there is no image {wanted:?}; there are {names}"),
        };
        Err(self.rental.error(ErrorKind::Invalid, operation, message))
    }

    /// The images that may be written to this VPS; asked for once in a run.
    async fn images(&self, service: &str) -> Result<Vec<Image>> {
        if let Some(images) = known(&self.images, service) {
            return Ok(images);
        }
        let below = "/images/available";
        let ids: Vec<String> = self.rental.read(service, below, "the images").await?;
        let looked = gather(ids.iter().map(|id| self.look_at_image(service, id))).await;
        let mut images = Vec::new();
        for image in looked {
            match image {
                Ok(image) => images.push(image),
                // withdrawn since the list was made
                Err(error) if error.kind == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        keep(&self.images, service, &images);
        Ok(images)
    }

    async fn look_at_image(&self, service: &str, id: &str) -> Result<Image> {
        let below = format!("/images/available/{}", segment(id));
        self.rental.read(service, &below, "an image").await
    }

    async fn current_image(&self, service: &str) -> Result<Image> {
        let current = self.rental.read(service, "/images/current", "its image");
        current.await.map_err(|mut error| {
            if error.kind == ErrorKind::NotFound {
                error.message.push_str(
                    "; without an image that the vendor knows of it cannot be reset: reinstall \
                     it in the control panel, or release it as it is",
                );
            }
            error
        })
    }
}

/// Names as people type them.
fn plain(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric() && c != '.');
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn spelling_does_not_matter() {
        for (one, other, same) in [
            ("Debian 13", "debian-13", true),
            ("Debian 13", "debian_13", true),
            ("Ubuntu 24.04", "ubuntu-24.04", true),
            ("Ubuntu 24.04", "Ubuntu 2404", false),
            ("Debian 13", "Debian 12", false),
            ("Debian 13", "Debian 13 - Docker", false),
        ] {
            assert_eq!(plain(one) == plain(other), same, "{one} and {other}");
        }
    }
}

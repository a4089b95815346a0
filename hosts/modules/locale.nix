# One time and one language on all servers, so that their logs can be laid side by side.
{...}: {
  time.timeZone = "UTC";
  i18n.defaultLocale = "en_US.UTF-8";
  console.keyMap = "us";
}

use super::*;

fn request(args: &[&str]) -> Result<Request, String> {
    let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
    match read(&args) {
        Ok(Asked::Run(request)) => Ok(*request),
        Ok(other) => Err(format!("{other:?}")),
        Err(why) => Err(why.to_string()),
    }
}

#[test]
fn the_real_programs_arguments_are_taken() {
    let request = request(&[
        "--flake",
        "path:/f?dir=x#web-1",
        "-i",
        "/k",
        "-p",
        "2222",
        "--ssh-option",
        "A=b",
        "--post-kexec-ssh-port",
        "2222",
        "--phases",
        "disko,install",
        "--extra-files",
        "/x",
        "--chown",
        "/home/a",
        "1000:100",
        "--disk-encryption-keys",
        "/tmp/k",
        "/l",
        "--option",
        "a",
        "b",
        "--kexec",
        "/t.tar.gz",
        "--build-on",
        "local",
        "--no-disko-deps",
        "--no-substitute-on-destination",
        "--copy-host-keys",
        "--debug",
        "root@127.0.0.2",
    ])
    .unwrap();
    assert_eq!(request.target, "root@127.0.0.2");
    assert_eq!(request.ssh, ["-p", "2222", "-o", "A=b"]);
    assert!(!request.phases.has("kexec") && request.phases.has("install"));
    assert_eq!(request.chown, [("/home/a".into(), "1000:100".into())]);
    match request.source {
        Source::Flake { folder, host, .. } => {
            assert_eq!((folder.as_path(), host.as_str()), ("/f".as_ref(), "web-1"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn wrong_arguments_are_refused() {
    let table: &[(&[&str], &str)] = &[
        (&[], "ssh-host must be set"),
        (&["h"], "--flake or --store-paths must be set"),
        (&["h", "--flake", "."], "name of the NixOS configuration"),
        (&["h", "--flake", ".#../x"], "no name of a host"),
        (&["h", "--phases", "kexec,boot"], "Unknown phase: boot"),
        (
            &["h", "-s", "/nowhere/a", "/nowhere/b"],
            "existing store-paths",
        ),
        (&["h", "--frobnicate"], "unknown option"),
        (&["h", "i", "--flake", ".#a"], "one host only"),
        (&["h", "-i"], "-i wants another argument"),
        (&["h", "--build-on", "mars"], "Unknown mode"),
        (&["--target-host", "-oProxyCommand=x", "-f", ".#a"], "dash"),
        (&["--help"], "Help"),
        (&["--version"], "Version"),
    ];
    for (args, expected) in table {
        let why = request(args).unwrap_err();
        assert!(why.contains(expected), "{args:?}: {why}");
    }
}

#[test]
fn flakes_name_a_folder_and_a_host() {
    let table: &[(&str, &str, &str)] = &[
        (".#web-1", ".", "web-1"),
        ("#web-1", ".", "web-1"),
        ("/a/b#nixosConfigurations.web-1.config.x", "/a/b", "web-1"),
        ("git+file:///a#nixosConfigurations.\"web-1\"", "/a", "web-1"),
    ];
    for (uri, folder, host) in table {
        match flake(uri).unwrap() {
            Source::Flake {
                folder: f, host: h, ..
            } => {
                assert_eq!((f.to_str().unwrap(), h.as_str()), (*folder, *host), "{uri}");
            }
            other => panic!("{other:?}"),
        }
    }
}

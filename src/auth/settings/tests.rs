use super::*;
use proptest::prelude::*;

const FILE: &str = "[DEFAULT]\nhost = default.example\ntoken = CANARY-D\n\n[robot]\nhost = robot.example\nclient_id = id\nclient_secret = CANARY-S\n\n[half]\nhost = half.example\nclient_id = id\n\n[user]\nhost = user.example\nauth_type = databricks-cli\n\n[both]\nhost = both.example\ntoken = CANARY-T\nclient_id = id\nclient_secret = CANARY-S\nscopes = sql, all-apis  sql\n";

fn resolve(given: &[(&str, &str)], env: &[(&str, &str)]) -> Result<Settings> {
    let lookup = |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Settings::resolve(given, &lookup, &|| Ok(Some(FILE.to_owned())))
}

fn refusal(given: &[(&str, &str)], env: &[(&str, &str)]) -> String {
    let outcome = resolve(given, env).and_then(|settings| settings.method());
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(!format!("{error:?}").contains("CANARY"));
    error.message().to_owned()
}

#[test]
fn arguments_go_before_the_environment_and_the_file_comes_last() {
    let settings =
        resolve(&[("host", "given.example")], &[("DATABRICKS_HOST", "env.example"), ("DATABRICKS_TOKEN", "t")]);
    let settings = settings.unwrap();
    assert_eq!(
        (settings.get("host"), settings.get("token"), settings.profile()),
        (Some("given.example"), Some("t"), None)
    );

    let named = resolve(&[("host", "given.example"), ("profile", "robot")], &[]).unwrap();
    assert_eq!(
        (named.get("host"), named.get("client_id"), named.profile()),
        (Some("given.example"), Some("id"), Some("robot"))
    );
    // nothing of DEFAULT comes along
    assert_eq!((named.get("token"), named.method().unwrap()), (None, Method::OAuthM2m));

    let by_env = resolve(&[], &[("DATABRICKS_CONFIG_PROFILE", "robot")]).unwrap();
    assert_eq!(by_env.get("host"), Some("robot.example"));
    let over = resolve(&[("profile", "DEFAULT")], &[("DATABRICKS_CONFIG_PROFILE", "robot")]).unwrap();
    assert_eq!(over.get("host"), Some("default.example"));
}

#[test]
fn the_file_is_not_read_when_a_host_or_credential_is_known() {
    for (given, env) in [
        (&[("host", "x.example")][..], &[][..]),
        (&[("token", "t")][..], &[][..]),
        (&[][..], &[("ARM_CLIENT_ID", "a")][..]),
        (&[][..], &[("DATABRICKS_AZURE_RESOURCE_ID", "/subscriptions/1")][..]),
    ] {
        let lookup =
            |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value): &(_, &str)| (*value).to_owned());
        let file = || -> Result<Option<String>> { panic!("the file was read") };
        assert!(Settings::resolve(given, &lookup, &file).unwrap().profile().is_none());
    }
    let settings = resolve(&[], &[("DATABRICKS_HOST", "")]).unwrap();
    assert_eq!(settings.get("host"), Some("default.example"), "an empty variable counts as absent");
    let none = Settings::resolve(&[], &|_| None, &|| Ok(None)).unwrap();
    assert_eq!((none.get("host"), none.method().unwrap()), (None, Method::None));
    let gone = Settings::resolve(&[("profile", "robot")], &|_| None, &|| Ok(None)).unwrap_err();
    assert!(gone.message().contains("`robot`"));
}

#[test]
fn more_than_one_kind_is_refused_unless_auth_type_says_which() {
    assert!(
        refusal(&[("profile", "both")], &[])
            .starts_with("More than one authorization method is configured: oauth and pat.")
    );
    let three = [("DATABRICKS_TOKEN", "t"), ("DATABRICKS_USERNAME", "u"), ("ARM_TENANT_ID", "x")];
    assert!(refusal(&[], &three).contains("azure and basic and pat"));
    for (kind, method) in [("pat", Method::Token), ("oauth-m2m", Method::OAuthM2m)] {
        let settings = resolve(&[("profile", "both"), ("auth_type", kind)], &[]).unwrap();
        assert_eq!(settings.method().unwrap(), method);
        assert_eq!(settings.scopes(), ["all-apis", "sql"]);
        settings.credentials().unwrap();
    }
    assert!(
        refusal(&[("profile", "both"), ("auth_type", "azure-client-secret")], &[])
            .contains("azure_client_id and azure_client_secret")
    );
}

#[test]
fn half_a_way_to_sign_in_is_none() {
    assert!(refusal(&[("profile", "half")], &[]).contains("DATABRICKS_CLIENT_SECRET"));
    assert!(refusal(&[("profile", "user")], &[]).contains("auth_type"));
    assert!(refusal(&[], &[("ARM_CLIENT_ID", "a")]).contains("ARM_CLIENT_SECRET"));
    assert!(refusal(&[("username", "u"), ("password", "CANARY")], &[]).contains("passwords"));
    assert!(refusal(&[("clientid", "CANARY")], &[]).contains("`clientid`"));
    let federated = [("DATABRICKS_CLIENT_ID", "id"), ("DATABRICKS_OIDC_TOKEN_FILEPATH", "/token")];
    assert_eq!(resolve(&[("host", "x.example")], &federated).unwrap().method().unwrap(), Method::FileOidc);
}

#[test]
fn k16_secrets_that_cannot_be_ones_are_refused_without_echo() {
    for (name, bad) in [("token", "CANARY\u{e9}"), ("client_secret", "CANARY\nx"), ("client_secret", "CANARY x")] {
        let mut given = vec![("host", "x.example"), (name, bad)];
        if name == "client_secret" {
            given.push(("client_id", "id"));
        }
        let error = resolve(&given, &[]).unwrap().credentials().unwrap_err();
        assert!(error.kind() == ErrorKind::InvalidInput && !format!("{error:?}").contains("CANARY"));
    }
    assert!(!format!("{:?}", resolve(&[("profile", "both"), ("auth_type", "pat")], &[]).unwrap()).contains("CANARY"));
}

proptest! {
    #[test]
    fn a_value_of_the_file_never_replaces_an_earlier_one(host in "[a-z]{0,3}", token in "[a-z]{0,3}", profile in "(|robot|DEFAULT)") {
        let env = [("DATABRICKS_HOST", host.as_str()), ("DATABRICKS_TOKEN", token.as_str()), ("DATABRICKS_AUTH_TYPE", "pat")];
        let settings = resolve(&[("profile", &profile)], &env).unwrap();
        if !host.is_empty() { prop_assert_eq!(settings.get("host"), Some(host.as_str())); }
        if !token.is_empty() { prop_assert_eq!(settings.get("token"), Some(token.as_str())); }
    }
}

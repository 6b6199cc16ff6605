//! Which names hold secrets: the default list, what it must not take, and names of one's own.

use cupola_redact::{KeyPolicy, Position, Verdict};

#[test]
fn names_of_secrets_are_denied_in_every_spelling() {
    let policy = KeyPolicy::default();
    for name in "password Password PASSWORD passWord user_password newPassword password2 passwd user.passwd passphrase \
        passcode db_password_old password[] user[password] password_value passwordHash \
        api_key apiKey API-KEY X-Api-Key apikey api.key api_token apiSecret my_api_keys \
        secret_key SecretAccessKey aws_secret_access_key accessKeyId private_key privateKeyPem signing_key encryptionKey \
        master_key AccountKey Ocp-Apim-Subscription-Key x-functions-key SharedAccessKey client_secret clientAssertion \
        code_verifier credentials user_credential Authorization proxy-authorization connectionString session_id sessionId \
        PHPSESSID JSESSIONID card_number creditCard credit-card-number seed_phrase mnemonic recovery_codes backup_code \
        security_answer SAMLResponse saml_request \
        secret client-secret-v2 secret_name my_secrets jwt jwt_raw id_jwt \
        token access_token accessToken accesstoken ACCESS_TOKEN x-auth-token X-CSRF-Token token2 token[] tok\u{200B}en_token toKen \
        refreshToken idToken private-token vaultToken authenticity_token \
        cookie set-cookie cookies session_cookie auth basic_auth x-auth authentication pwd newPwd db_pwd pass pw otp totp pin \
        user_pin cvv cvc cvv2 ssn iban sid connect.sid session user_session sig signature x-amz-signature csrf _csrf xsrf \
        mfa_code totp_code otpCode smsCode verification_code 2fa_code X-Amz-Credential X-Amz-Security-Token AWSAccessKeyId"
        .split_whitespace()
    {
        assert_ne!(policy.verdict_at(name, Position::Body), Verdict::Keep, "{name:?} must be denied");
    }
}

#[test]
fn a_session_id_is_a_secret_on_the_wire_and_a_field_in_the_log() {
    let policy = KeyPolicy::default();
    for name in ["session_id", "sessionId", "SESSION-ID"] {
        assert_eq!(policy.verdict_at(name, Position::Field), Verdict::Keep, "{name}");
        assert_eq!(policy.verdict_at(name, Position::Body), Verdict::Mask, "{name}");
        assert_eq!(policy.verdict_at(name, Position::Url), Verdict::Mask, "{name}");
    }
    for name in ["PHPSESSID", "JSESSIONID", "session", "session_token", "user_session_id"] {
        assert!(policy.denies(name), "{name}");
    }
    assert!(KeyPolicy::builder().deny("session_id").build().unwrap().denies("sessionId"));
}

#[test]
fn everyday_names_are_kept() {
    let policy = KeyPolicy::default();
    for name in
        "tokenizer token_type tokenType token_count totalTokenCount tokens_per_second stop_token_ids token_limit \
        token_usage token_expires_in token_endpoint token_uri token_budget maxTokenCount \
        author authority co_author authors secretary keyboard keyword monkey primary_key sort_key key value public_key \
        passenger compass bypass shipping opinion pinned dashboard postcard status_code zip_code code country_code \
        design assigned_to side president sidebar session_idle_timeout sessions_count \
        traceparent request_id ETag Idempotency-Key order_id user_id name email content role model \
        oauth oauth_provider authentic signal cookie_consent policy laptop spinning"
            .split_whitespace()
    {
        assert!(!policy.denies(name), "{name:?} must be kept");
    }
    assert!(!policy.denies(""));
}

#[test]
fn plurals_may_count() {
    let policy = KeyPolicy::default();
    for name in [
        "max_tokens",
        "total_tokens",
        "prompt_tokens",
        "maxOutputTokens",
        "cached_tokens",
        "x-ratelimit-remaining-tokens",
        "tokens",
    ] {
        assert_eq!(policy.verdict(name), Verdict::MaskUnlessNumber, "{name}");
    }
    assert_eq!(policy.verdict("anthropic-ratelimit-tokens-remaining"), Verdict::Keep);
}

#[test]
fn a_long_name_is_judged_wherever_the_stem_stands() {
    let policy = KeyPolicy::default();
    let filler = "x_".repeat(100);
    assert!(policy.denies(&format!("{filler}token")));
    assert!(policy.denies(&format!("{filler}password{filler}")));
    assert!(!policy.denies(&filler));
}

#[test]
fn own_names_extend_the_default_list() {
    let policy = KeyPolicy::builder().deny("customer_ref").deny("пароль").keep("session").build().unwrap();
    for name in ["customer_ref", "customerRef", "CUSTOMER-REF", "old_customer_ref", "Пароль", "password"] {
        assert!(policy.denies(name), "{name}");
    }
    for name in ["customer", "customer_reference", "session", "SESSION", "mycustomerrefs"] {
        assert!(!policy.denies(name), "{name}");
    }
    assert!(policy.denies("user_session"), "only the name itself is kept");
}

#[test]
fn a_policy_that_cannot_be_meant_is_refused() {
    let refused = |builder: cupola_redact::KeyPolicyBuilder| builder.build().unwrap_err().to_string();
    for (error, part) in [
        (refused(KeyPolicy::builder().deny("")), "\"\" has no letters"),
        (refused(KeyPolicy::builder().deny("42")), "\"42\" has no letters"),
        (refused(KeyPolicy::builder().keep("Password")), "\"Password\" always holds a secret"),
        (refused(KeyPolicy::builder().deny("ref").keep("REF")), "\"REF\" is both denied and kept"),
        (refused(KeyPolicy::builder().allow_header("x y")), "\"x y\" is not a header name"),
        (refused(KeyPolicy::builder().allow_header("Authorization")), "always holds a secret"),
        (refused(KeyPolicy::builder().allow_header("X-Api-Key")), "always holds a secret"),
    ] {
        assert!(error.contains(part), "{error}");
    }
    assert!(KeyPolicy::builder().keep("password_policy").build().is_ok());
}

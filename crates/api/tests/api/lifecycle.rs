//! The process: its configuration, its start and its end.

use std::process::{Output, Stdio};

use discuss_test_support::{SECRET, TestDatabase, redis_url};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::support::{Person, World};

/// The binary, with an environment of nothing but these variables.
fn binary(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_discuss-api"));
    command
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .kill_on_drop(true);
    command
}

async fn outcome(arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = binary(arguments, variables).output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[tokio::test]
async fn a_bad_variable_ends_it_with_2_and_one_line_that_names_it() {
    for (variables, said) in [
        (
            vec![("SERVER_PORT", "eighty")],
            "error: SERVER_PORT: invalid digit found in string (it is `eighty`)\n",
        ),
        (
            vec![],
            "error: JWT_SECRET: must be set, or KEYCLOAK_URL, unless AUTH_TRUST_GATEWAY_HEADERS is true\n",
        ),
        (
            vec![("API_WORKERS", "0")],
            "error: API_WORKERS: 0 is not in 1..=512 (it is `0`)\n",
        ),
    ] {
        let (code, _, stderr) = outcome(&[], &variables).await;
        assert_eq!((code, stderr.as_str()), (2, said));
    }
}

#[tokio::test]
async fn print_config_shows_every_variable_and_no_secret() {
    let variables = [
        ("JWT_SECRET", "hunter2"),
        ("DATABASE_URL", "postgres://u:hunter2@h/d"),
    ];
    let (code, stdout, _) = outcome(&["--print-config"], &variables).await;
    assert_eq!(code, 0);
    assert!(!stdout.contains("hunter2"), "{stdout}");
    for line in [
        "SERVER_PORT=8092",
        "API_ADMIN_PORT=9192",
        "JWT_SECRET=***",
        "REDIS_PREFIX=discuss",
        "LOG_LEVEL=info",
    ] {
        assert!(
            stdout.lines().any(|shown| shown == line),
            "{line} in {stdout}"
        );
    }
}

#[tokio::test]
async fn a_database_that_is_away_ends_it_with_1() {
    let variables = [
        ("JWT_SECRET", SECRET),
        ("DATABASE_URL", "postgres://u@127.0.0.1:1/d"),
    ];
    let (code, _, stderr) = outcome(&[], &variables).await;
    assert_eq!(code, 1);
    assert!(
        stderr.starts_with("error: the schema can't be used: the database is not available"),
        "{stderr}"
    );
}

async fn next_line(lines: &mut Lines<BufReader<ChildStdout>>, message: &str) -> Value {
    loop {
        let line: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        if line["message"] == message {
            return line;
        }
    }
}

async fn terminate(child: &mut Child) -> i32 {
    let pid = child.id().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", "TERM", &pid])
            .status()
            .await
            .unwrap()
            .success()
    );
    child.wait().await.unwrap().code().unwrap()
}

#[tokio::test]
async fn it_refuses_an_older_schema_migrates_serves_logs_and_ends_with_0() {
    let database = TestDatabase::new().await;
    let empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
    database.client().await.batch_execute(empty).await.unwrap();
    let redis = redis_url();
    let variables = [
        ("DATABASE_URL", database.url()),
        ("REDIS_URL", redis.as_str()),
        ("JWT_SECRET", SECRET),
        ("SERVER_HOST", "127.0.0.1"),
        ("SERVER_PORT", "0"),
        ("API_ADMIN_PORT", "0"),
    ];

    let (code, _, stderr) = outcome(&[], &variables).await;
    assert_eq!(code, 1);
    assert!(stderr.contains("run `discuss-api migrate`"), "{stderr}");
    assert_eq!(outcome(&["migrate"], &variables).await.0, 0);
    assert_eq!(
        outcome(&["migrate"], &variables).await.0,
        0,
        "a second time there is nothing to do"
    );

    let mut api = binary(&["serve"], &variables)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(api.stdout.take().unwrap()).lines();
    let ready = next_line(&mut lines, "ready").await;
    assert_eq!(ready["level"], "INFO");
    let an = Person::new(ready["listen"].as_str().unwrap().parse().unwrap(), 3, 1);
    let group = an.post("/channels/group", json!({ "name": "hush" })).await;
    assert_eq!(group.status, 201, "{}", group.body);
    let health = reqwest::get(format!(
        "http://{}/health/ready",
        ready["admin"].as_str().unwrap()
    ))
    .await
    .unwrap();
    assert_eq!(health.status(), 200);

    let line = next_line(&mut lines, "request").await;
    assert_eq!(
        (&line["route"], &line["method"]),
        (&json!("/discuss/api/v1/channels/group"), &json!("POST"))
    );
    assert_eq!(
        (&line["status"], &line["user"], &line["tenant"]),
        (&json!(201), &json!(1), &json!(3))
    );
    assert_eq!(line["correlation_id"], group.header("x-correlation-id"));
    assert!(
        line["ms"].is_number() && !line.to_string().contains("hush"),
        "{line}"
    );
    assert_eq!(terminate(&mut api).await, 0);
}

#[tokio::test]
async fn what_is_under_way_when_it_is_asked_to_end_is_finished() {
    let world = World::new().await;
    let an = world.person(1);
    let channel = an.group(&[]).await;
    let mut client = world.database.client().await;
    let lock = client.transaction().await.unwrap();
    lock.execute(
        "SELECT id FROM channels WHERE id = $1 FOR UPDATE",
        &[&channel],
    )
    .await
    .unwrap();
    let sender = an.clone();
    let path = format!("/channels/{channel}/messages");
    let sending =
        tokio::spawn(async move { sender.post(&path, json!({ "content": "last words" })).await });
    let waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')";
    let watcher = world.database.client().await;
    while !watcher
        .query_one(waiting, &[])
        .await
        .unwrap()
        .get::<_, bool>(0)
    {}

    world.ask_to_end();
    lock.commit().await.unwrap();

    let answer = sending.await.unwrap();
    assert_eq!(answer.status, 201, "{}", answer.body);
    world.ended().await;
}

#[tokio::test]
async fn requests_are_counted_by_route_and_status() {
    let world = World::new().await;
    let an = world.person(1);
    an.get("/messages/123456/nowhere").await;
    an.get("/messages/123456").await;
    let metrics = world.metrics().await;
    for labels in [
        r#"method="GET",route="/discuss/api/v1/messages/{messageId}",status="404""#,
        r#"method="GET",route="unknown",status="404""#,
    ] {
        assert!(
            metrics.contains(&format!("http_requests_total{{{labels}}}")),
            "{metrics}"
        );
        assert!(
            metrics.contains(&format!("http_request_duration_seconds_count{{{labels}}}")),
            "{metrics}"
        );
    }
    assert!(!metrics.contains("123456"));
    assert_eq!(world.readiness().await, (200, json!([])));
}

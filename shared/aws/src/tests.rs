//! The clients against a local server with given answers, which records the requests.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

use sha2::{Digest, Sha256};

use super::*;

/// Answers each request in turn with the next of `answers`, on connections that stay open; the heads of the requests
/// come out of the receiver.
fn server(answers: &'static [(&'static str, &'static str)]) -> (Settings, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = Settings::local(&format!("http://{}", listener.local_addr().unwrap()));
    let (sender, heads) = mpsc::channel();
    thread::spawn(move || {
        let mut answers = answers.iter();
        for stream in listener.incoming() {
            serve(stream.unwrap(), &mut answers, &sender);
        }
    });
    (settings, heads)
}

fn serve<'a>(
    mut stream: TcpStream,
    answers: &mut impl Iterator<Item = &'a (&'static str, &'static str)>,
    heads: &mpsc::Sender<String>,
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(head) = read_request(&mut reader) {
        heads.send(head).unwrap();
        let Some((status, body)) = answers.next() else { return };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(head)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn a_call_is_signed_for_the_region_with_the_sessions_token() {
    let (mut settings, heads) = server(&[("200 OK", "{}")]);
    settings.region = "eu-west-3".to_owned();
    settings.access_key_id = "AKIDEXAMPLE".to_owned();
    settings.session_token = Some("session-of-the-role".to_owned());
    let client = aws_sdk_dynamodb::Client::new(Config::new(settings).unwrap().sdk());
    run(client.list_tables().send()).unwrap();

    let head = heads.recv().unwrap();
    assert!(head.contains("Credential=AKIDEXAMPLE/"), "{head}");
    assert!(head.contains("/eu-west-3/dynamodb/aws4_request"), "{head}");
    assert!(head.contains("x-amz-security-token: session-of-the-role"), "{head}");
    assert!(head.contains("x-amz-target: DynamoDB_20120810.ListTables"), "{head}");
}

#[test]
fn a_server_error_is_tried_three_times_and_no_more() {
    let (settings, heads) = server(&[("500 Internal Server Error", "{}"); 9]);
    let client = aws_sdk_dynamodb::Client::new(Config::new(settings).unwrap().sdk());
    let error = run(client.list_tables().send()).unwrap_err();
    assert_eq!(error.raw_response().map(|response| response.status().as_u16()), Some(500));
    assert_eq!(heads.try_iter().count(), 3);
}

#[test]
fn a_refusal_is_not_tried_again() {
    let refusal = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"no table"}"#;
    let answers: &'static _ = Box::leak(Box::new([("400 Bad Request", refusal); 3]));
    let (settings, heads) = server(answers);
    let client = aws_sdk_dynamodb::Client::new(Config::new(settings).unwrap().sdk());
    assert!(run(client.describe_table().table_name("orders").send()).is_err());
    assert_eq!(heads.try_iter().count(), 1);
}

#[test]
fn every_client_goes_to_the_given_endpoint() {
    let (settings, heads) = server(&[("200 OK", "{}"); 4]);
    let config = Config::new(settings).unwrap();
    let (sns, sqs, secrets) = (
        aws_sdk_sns::Client::new(config.sdk()),
        aws_sdk_sqs::Client::new(config.sdk()),
        aws_sdk_secretsmanager::Client::new(config.sdk()),
    );
    run(async {
        sqs.list_queues().send().await.unwrap();
        secrets.list_secrets().send().await.unwrap();
        // SNS speaks XML: the answer is useless, but the request went out.
        let _ = sns.list_topics().send().await;
    });
    let targets: Vec<_> = heads.try_iter().collect();
    assert!(targets[0].contains("AmazonSQS.ListQueues"), "{targets:?}");
    assert!(targets[1].contains("secretsmanager.ListSecrets"), "{targets:?}");
    assert!(targets[2].contains("/sns/aws4_request"), "{targets:?}");
}

#[test]
fn the_roots_are_the_five_that_amazon_publishes() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let pem = std::str::from_utf8(http::AMAZON_ROOTS).unwrap();
    let fingerprints: Vec<_> = pem
        .split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .map(|block| block.split("-----END").next().unwrap().lines().collect::<String>())
        .map(|text| hex::encode(Sha256::digest(STANDARD.decode(text).unwrap())))
        .collect();
    // Amazon Root CA 1 to 4 and Starfield Services Root CA - G2, as listed at www.amazontrust.com/repository.
    let published = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];
    assert_eq!(fingerprints, published);
}

/// A certificate for `localhost` with its key, and the root that signed it; made for these tests with `openssl`.
const SERVER: &[u8] = include_bytes!("../testdata/server.pem");
const ITS_ROOT: &[u8] = include_bytes!("../testdata/root.pem");

/// Answers one TLS connection with an empty object; what came out of it is in the receiver.
fn tls_server() -> (Settings, mpsc::Receiver<std::io::Result<usize>>) {
    use rustls::{
        ServerConfig, ServerConnection, StreamOwned,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    };
    let certificate = CertificateDer::from_pem_slice(SERVER).unwrap();
    let config = ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::from_pem_slice(SERVER).unwrap())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = Settings::local(&format!("https://localhost:{}", listener.local_addr().unwrap().port()));
    let (sender, outcome) = mpsc::channel();
    thread::spawn(move || {
        let connection = ServerConnection::new(config.into()).unwrap();
        let mut stream = StreamOwned::new(connection, listener.accept().unwrap().0);
        let read = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
        sender.send(read).unwrap();
    });
    (settings, outcome)
}

#[test]
fn a_server_under_a_trusted_root_is_believed() {
    let (settings, outcome) = tls_server();
    let client = aws_sdk_dynamodb::Client::new(Config::trusting(ITS_ROOT, settings).unwrap().sdk());
    run(client.list_tables().send()).unwrap();
    assert!(outcome.recv().unwrap().unwrap() > 0);
}

#[test]
fn a_server_under_another_root_gets_no_request() {
    let (settings, outcome) = tls_server();
    let client = aws_sdk_dynamodb::Client::new(Config::new(settings).unwrap().sdk());
    assert!(run(client.list_tables().send()).is_err());
    let refusal = outcome.recv().unwrap().unwrap_err().to_string();
    assert!(refusal.contains("UnknownCA") || refusal.contains("UnknownIssuer"), "{refusal}");
}

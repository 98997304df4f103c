//! One call through the deployed API: MiniStack deploys some templates without their routes, and says nothing.

use std::time::{Duration, Instant};

use super::CloudError;
use crate::http::Http;

/// A function's first start on a busy machine, and the deployment's last steps.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(100);

/// Waits until the health route answers 200 through API Gateway and its function.
///
/// # Errors
///
/// It does not; what it answers instead is said.
pub async fn test(api_url: &str) -> Result<(), CloudError> {
    let http = Http::new()?;
    let url = format!("{api_url}/v1/health");
    let start = Instant::now();
    loop {
        let answer = ask(&http, &url).await;
        match answer {
            Ok(()) => return Ok(()),
            Err(answer) if start.elapsed() > PATIENCE => return Err(CloudError::Smoke { url, answer }),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

async fn ask(http: &Http, url: &str) -> Result<(), String> {
    let answer = http.get(url, &[]).await.map_err(|error| error.to_string())?;
    if answer.status == 200 { Ok(()) } else { Err(format!("{} {}", answer.status, answer.body)) }
}

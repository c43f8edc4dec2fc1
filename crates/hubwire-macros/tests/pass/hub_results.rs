//! Results are recognised by their types, whatever their names.
#![deny(warnings)]

use futures_util::stream::{self, BoxStream};
use hubwire::{HubError, HubResult, Stream, hub};
use serde::{Deserialize, Serialize};

type AppResult<T> = std::result::Result<T, AppError>;
type Done = AppResult<()>;

#[derive(Debug)]
struct AppError;

impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hunter2")
    }
}

impl std::error::Error for AppError {}

/// How a game ends; not the standard library's `Result`.
#[derive(Deserialize, Serialize)]
enum Result {
    Won,
    Lost,
}

struct ChatHub;

#[hub]
impl ChatHub {
    async fn on_connected(&self) -> Done {
        Ok(())
    }

    fn on_disconnected(&self) -> AppResult<()> {
        Err(AppError)
    }

    pub async fn alias(&self) -> AppResult<u32> {
        Err(AppError)
    }

    pub fn nothing(&self) -> Done {
        Ok(())
    }

    pub fn own(&self, result: Result) -> Result {
        match result {
            Result::Won => Result::Lost,
            Result::Lost => Result::Won,
        }
    }

    pub fn projected(&self) -> <AppResult<u8> as IntoIterator>::Item {
        1
    }

    pub fn boxed_error(&self) -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }

    pub fn items(&self) -> impl Stream<Item = AppResult<u32>> {
        stream::iter([Err(AppError)])
    }

    pub async fn opening(&self) -> AppResult<impl Stream<Item = u32>> {
        match stream::iter([1]) {
            items if items.size_hint().0 == 1 => Ok(items),
            _ => Err(AppError),
        }
    }

    #[hub(stream)]
    pub fn boxed(&self) -> AppResult<BoxStream<'_, Done>> {
        Err(AppError)
    }

    #[hub(stream)]
    pub fn named(&self) -> stream::Once<std::future::Ready<HubResult<u32>>> {
        stream::once(std::future::ready(Err(HubError::new("no"))))
    }
}

struct Generic<T, E>(fn() -> std::result::Result<T, E>);

#[hub]
impl<T, E> Generic<T, E>
where
    T: Serialize + Send + Sync + 'static,
    E: std::error::Error + Send + Sync + 'static
{
    pub async fn result(&self) -> std::result::Result<T, E> {
        self.0()
    }

    pub fn value(&self) -> Option<T> {
        self.0().ok()
    }

    pub fn items(&self) -> impl Stream<Item = std::result::Result<T, E>> {
        stream::iter([self.0()])
    }

    pub fn values(&self) -> impl Stream<Item = Option<T>> {
        stream::iter([self.0().ok()])
    }
}

fn main() {
    let _ = (ChatHub, Generic::<u8, AppError>(|| Ok(1)));
}

//! A browser: cookies carried by hand, redirects followed, the origin sent with every form.

use super::Page;
use reqwest::{
    Client, Method, RequestBuilder,
    header::{COOKIE, HeaderMap, ORIGIN, REFERER, SET_COOKIE},
    multipart,
};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

#[derive(Clone)]
pub struct Browser {
    client: Client,
    origin: String,
    pub cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

/// A redirect that leads round in circles ends here.
const MOST_HOPS: usize = 10;

impl Browser {
    /// One that has never been anywhere. The name in `origin` is answered by `address`.
    pub fn new(origin: &str, address: SocketAddr) -> Self {
        let host = origin.split("://").nth(1).unwrap().split(':').next().unwrap();
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).resolve(host, address);
        Self { client: client.build().unwrap(), origin: origin.to_owned(), cookies: Arc::default() }
    }

    /// Another one on the same machine, without the cookies.
    pub fn fresh(&self) -> Self {
        Self { cookies: Arc::default(), ..self.clone() }
    }

    /// Goes to a page, of our own or from a mail, and on to where it leads.
    pub async fn opens(&self, url: &str) -> Page {
        let page = self.gets(url).await;
        self.arrives(page).await
    }

    /// Asks once and goes nowhere else.
    pub async fn gets(&self, url: &str) -> Page {
        self.asks(Method::GET, url, &[]).await
    }

    /// What htmx does for a part of a page.
    pub async fn gets_part(&self, url: &str) -> Page {
        self.asks(Method::GET, url, &[("hx-request", "true")]).await
    }

    /// Asks with headers of one's own.
    pub async fn asks(&self, method: Method, url: &str, headers: &[(&'static str, &str)]) -> Page {
        self.sends(self.request(method, url), headers, url).await
    }

    /// Sends fields as a form of our own pages would, and goes nowhere else.
    pub async fn posts(&self, url: &str, fields: &[(&str, &str)]) -> Page {
        let origin = self.origin.clone();
        self.posts_with(url, fields, &[("origin", &origin)]).await
    }

    /// The same by htmx.
    pub async fn posts_part(&self, url: &str, fields: &[(&str, &str)]) -> Page {
        let origin = self.origin.clone();
        self.posts_with(url, fields, &[("origin", &origin), ("hx-request", "true")]).await
    }

    /// Sends fields with headers of one's own and no others, not even the origin.
    pub async fn posts_with(&self, url: &str, fields: &[(&str, &str)], headers: &[(&'static str, &str)]) -> Page {
        self.sends(self.request(Method::POST, url).form(fields), headers, url).await
    }

    /// Signs in by the form.
    pub async fn signs_in_as(&self, email: &str, password: &str) -> Page {
        self.opens("/sign-in").await.submits("Sign in", &[("email", email), ("password", password)]).await
    }

    pub(super) async fn submits(&self, url: &str, fields: &[(String, String)], from: &str) -> Page {
        let (origin, referer) = (self.origin.clone(), format!("{}{from}", self.origin));
        let request = self.request(Method::POST, url).form(fields).header(ORIGIN, origin.clone()).header(REFERER, referer.clone());
        let mut page = self.sends(request, &[], url).await;
        // 307: the same form again, elsewhere.
        for _ in 0..MOST_HOPS {
            let Some(next) = page.location().filter(|_| page.status == 307).map(str::to_owned) else { break };
            let request = self.request(Method::POST, &next).form(fields).header(ORIGIN, origin.clone()).header(REFERER, referer.clone());
            page = self.sends(request, &[], &next).await;
        }
        self.arrives(page).await
    }

    pub(super) async fn uploads(&self, url: &str, fields: &[(String, String)], field: &str, name: &str, content: &[u8]) -> Page {
        let mut form = multipart::Form::new();
        for (name, value) in fields {
            form = form.text(name.clone(), value.clone());
        }
        form = form.part(field.to_owned(), multipart::Part::bytes(content.to_vec()).file_name(name.to_owned()));
        let request = self.request(Method::POST, url).header(ORIGIN, self.origin.clone()).multipart(form);
        let page = self.sends(request, &[], url).await;
        self.arrives(page).await
    }

    async fn arrives(&self, mut page: Page) -> Page {
        for _ in 0..MOST_HOPS {
            let Some(next) = page.location().filter(|_| (300..400).contains(&page.status)).map(str::to_owned) else { return page };
            page = self.gets(&next).await;
        }
        panic!("{MOST_HOPS} redirects, the last to {}", page.path)
    }

    fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let whole = if url.starts_with('/') { format!("{}{url}", self.origin) } else { url.to_owned() };
        assert!(whole.starts_with(&format!("{}/", self.origin)), "{url} leads elsewhere");
        self.client.request(method, whole)
    }

    async fn sends(&self, mut request: RequestBuilder, headers: &[(&'static str, &str)], url: &str) -> Page {
        let cookies = self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{url}: {error}"));
        self.keep(response.headers());
        Page {
            status: response.status().as_u16(),
            path: url.strip_prefix(&self.origin).unwrap_or(url).to_owned(),
            headers: response.headers().clone(),
            body: String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned(),
            browser: self.clone(),
        }
    }

    fn keep(&self, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap()) {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if line.contains("Max-Age=0") || value.is_empty() {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

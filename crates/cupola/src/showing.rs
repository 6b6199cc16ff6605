//! The pages over the store beside the service, where this build has them.

#[cfg(feature = "dashboard")]
pub(crate) use with::Showing;
#[cfg(not(feature = "dashboard"))]
pub(crate) use without::Showing;

#[cfg(feature = "dashboard")]
mod with {
    use std::io::Write as _;
    use std::net::{SocketAddr, TcpListener};
    use std::sync::Arc;
    use std::time::Duration;

    use axum::Router;
    use cupola_dashboard::{Access, Api, Caretaker, LogLevels, Pages, Role};
    use cupola_record::{VarError, Vars};
    use cupola_store::Metadata;
    use cupola_telemetry::Levels;

    use crate::cupola::Cupola;

    const PLACE: &str = "CUPOLA_DASHBOARD";
    const TOKEN: &str = "CUPOLA_DASHBOARD_TOKEN";
    const TOKEN_FILE: &str = "CUPOLA_DASHBOARD_TOKEN_FILE";
    /// Where it is shown unless somebody says otherwise: to this machine alone.
    const USUAL: &str = "127.0.0.1:9464";

    /// Where the pages are shown by themselves, and by whose token.
    #[derive(Default)]
    pub(crate) struct Showing {
        at: Option<SocketAddr>,
        token: Option<String>,
    }

    impl Showing {
        pub(crate) fn from_vars(vars: Vars<'_>) -> Result<Self, VarError> {
            let accepted = "an address with a port, such as 127.0.0.1:9464, or off";
            let said = vars.read(PLACE, accepted, |text| match text {
                "off" => Some(None),
                address => address.parse().ok().map(Some),
            })?;
            let at = said.unwrap_or_else(|| USUAL.parse().ok());
            let token = match (vars.text(TOKEN), vars.text(TOKEN_FILE)) {
                (Some(_), Some(path)) => {
                    let error = VarError::new(TOKEN_FILE, path, "nothing, where CUPOLA_DASHBOARD_TOKEN is set");
                    return Err(error);
                }
                (token, None) => token,
                (None, Some(path)) => {
                    let bad = |why| VarError::new(TOKEN_FILE, path.clone(), "a file that is not empty").because(why);
                    let read = std::fs::read_to_string(&path).map_err(|error| bad(Some(error.to_string())))?;
                    Some(read.trim().to_owned()).filter(|token| !token.is_empty()).ok_or_else(|| bad(None)).map(Some)?
                }
            };
            Ok(Self { at, token })
        }

        /// What it serves is not recorded: it never observes itself.
        pub(crate) const fn paths(&self) -> &'static [&'static str] {
            &["/cupola", "/cupola/*"]
        }

        /// Shows them to this machine from now on, where there is a store.
        pub(crate) fn start(&self, cupola: &Cupola) {
            let (Some(at), Some(metadata)) = (self.at, cupola.0.monitoring.metadata()) else { return };
            match listen(at) {
                Ok(listener) => self.serve(listener, metadata.clone(), cupola),
                Err(error) => {
                    let address = at.to_string();
                    tracing::warn!(target: "cupola", address, %error, "the dashboard is not shown: CUPOLA_DASHBOARD names another address, or off");
                }
            }
        }

        fn serve(&self, listener: TcpListener, metadata: Arc<dyn Metadata>, cupola: &Cupola) {
            let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
            let access = Access::default().users(metadata);
            let access = match &self.token {
                Some(token) => access.token(token, Role::Admin),
                None => {
                    let (access, token) = access.new_token(Role::Admin);
                    // Not in the log, which has no secrets in it. Nobody has to read it.
                    let _ = writeln!(std::io::stderr(), "cupola: http://{address}/cupola/login?token={token}");
                    access
                }
            };
            let begin = axum::routing::get(async || axum::response::Redirect::to("/cupola"));
            let app = cupola.dashboard(access).route("/", begin);
            let Ok(background) = cupola.telemetry().background() else { return };
            background.spawn(async move {
                // Both can only fail where the thread is about to end.
                if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                    let _ = axum::serve(listener, app).await;
                }
            });
            tracing::info!(target: "cupola", address, "the dashboard is shown");
        }
    }

    fn listen(at: SocketAddr) -> std::io::Result<TcpListener> {
        let listener = TcpListener::bind(at)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }

    impl Cupola {
        /// The pages and the REST API over the store beside the service, below `/cupola`, for a router of the application's own. Who may look
        /// is the application's to say. Where there is no store it has no routes.
        ///
        /// [`init`](crate::init) shows them at `CUPOLA_DASHBOARD` (127.0.0.1:9464) by itself; `off` leaves it to this.
        ///
        /// ```
        /// use cupola::dashboard::{Access, Role, User};
        ///
        /// # let cupola = cupola::Cupola::builder("billing").vars(|_| None).output(std::io::sink()).build()?;
        /// // Whom the application's own authentication knows as an operator.
        /// let access = Access::default().external(|head| {
        ///     head.headers.contains_key("x-operator").then(|| User::new("ann", Role::Operator))
        /// });
        /// let app: axum::Router = axum::Router::new().merge(cupola.dashboard(access));
        /// # Ok::<(), cupola::InitError>(())
        /// ```
        pub fn dashboard(&self, access: Access) -> Router {
            let parts = &self.0;
            let (Some(reader), Some(tails)) = (parts.keeping.reader(), parts.keeping.tails()) else {
                return Router::new();
            };
            let reader = Arc::new(reader);
            let mut api = Api::new(reader.clone()).tails(tails.clone()).access(access.clone());
            let stats = parts.keeping.stats();
            let mut pages = Pages::new(reader).access(access).tails(tails).stats(stats);
            if let Some(metadata) = parts.monitoring.metadata() {
                (api, pages) = (api.metadata(metadata.clone()), pages.metadata(metadata.clone()));
                if let Some(upkeep) = parts.keeping.upkeep() {
                    let caretaker = Caretaker::new(Arc::new(upkeep), metadata.clone());
                    (api, pages) = (api.caretaker(caretaker.clone()), pages.caretaker(caretaker));
                }
            }
            pages = pages.levels(Arc::new(OwnLevels(self.levels().clone())));
            if let Some(alerts) = self.alerts() {
                (api, pages) = (api.alerting(alerts.clone()), pages.alerting(alerts.clone()));
            }
            api.router().merge(pages.router())
        }
    }

    /// What this process logs, as the pages ask for it.
    struct OwnLevels(Levels);

    impl LogLevels for OwnLevels {
        fn configured(&self) -> String {
            self.0.configured().to_owned()
        }

        fn directives(&self) -> String {
            self.0.directives()
        }

        fn expires_in(&self) -> Option<Duration> {
            self.0.expires_in()
        }

        fn is_changed(&self) -> bool {
            self.0.is_changed()
        }

        fn set_for(&self, directives: &str, time: Duration) -> Result<(), String> {
            self.0.set_for(directives, time).map_err(|error| error.to_string())
        }

        fn reset(&self) {
            self.0.reset();
        }
    }

    impl std::fmt::Debug for OwnLevels {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_tuple("OwnLevels").field(&self.0.directives()).finish()
        }
    }

    impl std::fmt::Debug for Showing {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Showing").field("at", &self.at).finish_non_exhaustive()
        }
    }
}

#[cfg(not(feature = "dashboard"))]
mod without {
    use cupola_record::{VarError, Vars};

    use crate::cupola::Cupola;

    /// This build has no pages.
    #[derive(Debug)]
    pub(crate) struct Showing;

    impl Showing {
        /// Somebody who wants to look is not to look in vain.
        pub(crate) fn from_vars(vars: Vars<'_>) -> Result<Self, VarError> {
            let accepted = "off, since this build is without the feature `dashboard`";
            vars.read("CUPOLA_DASHBOARD", accepted, |text| (text == "off").then_some(()))?;
            Ok(Self)
        }

        pub(crate) const fn paths(&self) -> &'static [&'static str] {
            &[]
        }

        pub(crate) const fn start(&self, _: &Cupola) {}
    }
}

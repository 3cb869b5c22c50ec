//! Writing many files by few requests: sessions are started, filled side by side, and finished together.
//!
//! Only the last of the three writes anything, so that only it takes its turn among the writers. A session that was not
//! finished is forgotten by Dropbox after a week.

use super::{Dropbox, call, read::Metadata, refusal::Refusal, routes::header_safe, write::TRIES};
use crate::http::{Call, Repeat};
use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use kitestring::{
    DrivePath, Error, ErrorKind, Result,
    drive::{Condition, PutFile, Version},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// So many sessions may be started and finished at once.
const SESSIONS: usize = 1000;
/// So many bytes are held twice for a while.
const BYTES: usize = 64 << 20;
/// The contents of many sessions go in one request, but its argument stands in a header, and servers take no long ones.
const HEADER: usize = 12 << 10;

/// A file of a batch.
struct Job {
    /// Where its answer belongs.
    at: usize,
    path: DrivePath,
    condition: Condition,
    commit: Value,
    bytes: Vec<u8>,
    session: String,
}

/// Answers by place.
type Answers = Vec<(usize, Result<Version>)>;

impl Dropbox {
    pub(super) async fn write_many(&self, files: Vec<PutFile>) -> Vec<Result<Version>> {
        let count = files.len();
        let mut answers = Answers::with_capacity(count);
        let mut batch: Vec<Job> = Vec::new();
        for (at, file) in files.into_iter().enumerate() {
            if file.bytes.is_empty() || count == 1 {
                answers.push((at, self.write(&file.path, file.bytes, &file.condition).await));
                continue;
            }
            let job = match self.commit(&file.path, file.bytes.len(), &file.condition) {
                Ok(commit) => Job { at, path: file.path, condition: file.condition, commit, bytes: file.bytes, session: String::new() },
                Err(error) => {
                    answers.push((at, Err(error)));
                    continue;
                }
            };
            let held: usize = batch.iter().map(|job| job.bytes.len()).sum();
            if !batch.is_empty() && (batch.len() == SESSIONS || held + job.bytes.len() > BYTES) {
                answers.extend(self.write_batch(std::mem::take(&mut batch)).await);
            }
            batch.push(job);
        }
        if !batch.is_empty() {
            answers.extend(self.write_batch(batch).await);
        }
        answers.sort_unstable_by_key(|(at, _)| *at);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// Writes files of one batch.
    async fn write_batch(&self, mut jobs: Vec<Job>) -> Answers {
        let sessions = match self.start(jobs.len()).await {
            Ok(sessions) => sessions,
            Err(error) => return fail(jobs, &error),
        };
        jobs.iter_mut().zip(sessions).for_each(|(job, session)| job.session = session);
        let parallel = super::PARALLEL as usize;
        let filled: Vec<_> = stream::iter(requests(jobs)).map(|jobs| self.fill(jobs)).buffered(parallel).collect().await;
        let (mut answers, mut ready) = (Answers::new(), Vec::new());
        for (failed, full) in filled {
            answers.extend(failed);
            ready.extend(full);
        }
        if ready.is_empty() {
            return answers;
        }
        let (finished, clashes) = self.finish(ready).await;
        answers.extend(finished);
        for job in clashes {
            answers.push((job.at, self.write(&job.path, job.bytes, &job.condition).await));
        }
        answers
    }

    async fn start(&self, count: usize) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Started {
            session_ids: Vec<String>,
        }
        let call = call("put", "", Repeat::Freely);
        let value = self.rpc(&call, "upload_session/start_batch", &json!({"num_sessions": count})).await?;
        let value = value.map_err(|refusal| self.not_written(&call, &refusal))?;
        let started: Option<Started> = serde_json::from_value(value).ok();
        started.map(|started| started.session_ids).filter(|ids| ids.len() == count).ok_or_else(|| self.senseless(&call))
    }

    /// Sends the contents of some sessions. It is not repeated: a second try would find sessions that are filled already.
    async fn fill(&self, mut jobs: Vec<Job>) -> (Answers, Vec<Job>) {
        let (call, arg) = (call("put", "", Repeat::OnlyIfRefused), json!({"entries": jobs.iter().map(filling).collect::<Vec<_>>()}));
        let body = Bytes::from(jobs.iter().flat_map(|job| &job.bytes).copied().collect::<Vec<u8>>());
        let filled = match self.upload(&call, "upload_session/append_batch", &arg, body).await {
            Ok(Ok(value)) => self.outcomes(&call, value, jobs.len()),
            Ok(Err(refusal)) => Err(self.not_written(&call, &refusal)),
            Err(error) => Err(error),
        };
        let outcomes = match filled {
            Ok(outcomes) => outcomes,
            Err(error) => return (fail(jobs, &error), Vec::new()),
        };
        let mut outcomes = outcomes.into_iter();
        let refused = jobs.extract_if(.., |_| !matches!(outcomes.next(), Some(Outcome::Success(_)))).collect();
        let error = self.web.error(&call, self.api(), ErrorKind::Unavailable, "has not taken the content of a file");
        (fail(refused, &error), jobs)
    }

    /// Makes the sessions files. Those that meet other writes are finished again, and the others are not. Returns apart which
    /// are to replace a file, whatever it is.
    async fn finish(&self, mut jobs: Vec<Job>) -> (Answers, Vec<Job>) {
        let call = call("put", "", Repeat::OnlyIfRefused);
        let (mut answers, mut clashes) = (Answers::new(), Vec::new());
        let _alone = self.writer.lock().await;
        for tries in 1.. {
            let arg = json!({"entries": jobs.iter().map(finishing).collect::<Vec<_>>()});
            let finished = match self.rpc(&call, "upload_session/finish_batch_v2", &arg).await {
                Ok(Ok(value)) => self.outcomes(&call, value, jobs.len()),
                Ok(Err(refusal)) => Err(self.not_written(&call, &refusal)),
                Err(error) => Err(error),
            };
            let outcomes = match finished {
                Ok(outcomes) => outcomes,
                Err(error) => {
                    answers.extend(fail(jobs, &error));
                    return (answers, clashes);
                }
            };
            let mut again = Vec::new();
            for (job, outcome) in jobs.into_iter().zip(outcomes) {
                match outcome {
                    Outcome::Failure(refusal) if refusal.is_contention() && tries < TRIES => again.push(job),
                    Outcome::Failure(refusal) if job.condition == Condition::Any && refusal.is_another_file() => clashes.push(job),
                    outcome => answers.push((job.at, self.version(&job, outcome))),
                }
            }
            jobs = again;
            if jobs.is_empty() {
                break;
            }
            if let Err(error) = self.web.wait(tries).await {
                answers.extend(fail(jobs, &error));
                break;
            }
        }
        (answers, clashes)
    }

    fn version(&self, job: &Job, outcome: Outcome) -> Result<Version> {
        let call = call("put", job.path.as_str(), Repeat::OnlyIfRefused);
        match outcome {
            Outcome::Success(value) => {
                let metadata = Metadata::read(value).ok_or_else(|| self.senseless(&call))?;
                // Only then there may have been a file already.
                if job.condition == Condition::Any {
                    self.check_name(&call, self.api(), &job.path, &metadata)?;
                }
                Ok(metadata.version())
            }
            Outcome::Failure(refusal) => Err(self.not_written(&call, &refusal)),
        }
    }

    /// Reads an answer that holds one for each file.
    fn outcomes(&self, call: &Call, value: Value, count: usize) -> Result<Vec<Outcome>> {
        #[derive(Deserialize)]
        struct Entries {
            entries: Vec<Value>,
        }
        let entries = serde_json::from_value(value).ok().map(|answer: Entries| answer.entries);
        let outcomes = entries.and_then(|entries| entries.into_iter().map(Outcome::read).collect::<Option<Vec<_>>>());
        outcomes.filter(|outcomes| outcomes.len() == count).ok_or_else(|| self.senseless(call))
    }
}

/// How one file of a batch fared.
enum Outcome {
    Success(Value),
    Failure(Refusal),
}

impl Outcome {
    fn read(entry: Value) -> Option<Self> {
        match entry.get(".tag")?.as_str()? {
            "success" => Some(Self::Success(entry)),
            "failure" => Some(Self::Failure(Refusal::new(entry.get("failure")?))),
            _ => None,
        }
    }
}

fn filling(job: &Job) -> Value {
    json!({"cursor": {"session_id": job.session, "offset": 0}, "length": job.bytes.len(), "close": true})
}

fn finishing(job: &Job) -> Value {
    json!({"cursor": {"session_id": job.session, "offset": job.bytes.len()}, "commit": job.commit})
}

/// Divides files into requests whose arguments fit into a header.
fn requests(jobs: Vec<Job>) -> Vec<Vec<Job>> {
    let (mut requests, mut length) = (Vec::<Vec<Job>>::new(), HEADER);
    for job in jobs {
        let own = header_safe(&filling(&job)).len() + 1;
        if length + own > HEADER {
            requests.push(Vec::new());
            length = 0;
        }
        length += own;
        if let Some(last) = requests.last_mut() {
            last.push(job);
        }
    }
    requests
}

/// Answers all files with the error that met them together.
fn fail(jobs: Vec<Job>, error: &Error) -> Answers {
    let own =
        |job: &Job| Error::new(error.kind.clone(), error.operation(), error.detail()).with_retry(error.retry).about(job.path.as_str());
    jobs.iter().map(|job| (job.at, Err(own(job)))).collect()
}

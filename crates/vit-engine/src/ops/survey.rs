//! The releases as candidates: each judged with all that speaks against it, directly or through
//! others. What a release has is read once, however often it is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use semver::Version;
use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;
use vit_contract::verdict::{Answer, Verdict};

use crate::compat;
use crate::context::Context;
use crate::contracts::Exports;
use crate::error::EngineError;
use crate::exec::run::problem_of;
use crate::facts::newest::Newest;
use crate::facts::{Facts, Target};
use crate::plan::{path, quarantine};

/// How many releases a chain is looked for among: the newest below its end.
const BETWEEN: usize = 40;

/// A survey of the releases.
pub(crate) struct Survey<'a> {
    cx: &'a Context<'a>,
    facts: &'a Facts,
    retry: Option<&'a str>,
    /// The newer releases of the channel, from the newest on.
    newest: Newest<'a>,
    /// What each release has, or why that cannot be told, by tag.
    seen: BTreeMap<String, Result<Target, Problem>>,
}

/// A way to a release.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    /// The first release on it.
    pub(crate) first: Target,
    /// The releases after it, the last one being the end.
    pub(crate) then: Vec<Version>,
    /// What is said of the last hop.
    pub(crate) verdict: Verdict,
}

impl Way {
    /// The releases before the end.
    #[must_use]
    pub(crate) fn through(&self) -> Vec<Version> {
        let mut all = vec![self.first.release.version.clone()];
        all.extend(self.then.iter().cloned());
        all.pop();
        all
    }
}

impl<'a> Survey<'a> {
    /// Begins one; `retry` says why releases in quarantine count as if they were not.
    pub(crate) fn new(cx: &'a Context<'a>, facts: &'a Facts, retry: Option<&'a str>) -> Self {
        Self {
            newest: facts.newest(),
            cx,
            facts,
            retry,
            seen: BTreeMap::new(),
        }
    }

    /// What is said of a release, and the way to it where there is one: directly, else through
    /// others.
    ///
    /// # Errors
    /// Git failed.
    pub(crate) fn judge(
        &mut self,
        release: &Release,
        explicit: bool,
    ) -> Result<(Verdict, Option<Way>), EngineError> {
        let own = self.own_problems(release);
        let target = match self.look(release, explicit)? {
            Ok(target) => target.clone(),
            Err(problem) => {
                let all = own.into_iter().chain([problem.clone()]).collect();
                return Ok((Verdict::new(all, Vec::new()), None));
            }
        };
        let verdict = self.whole(self.facts.judge(&target), own, &target);
        if verdict.answer != Answer::Blocked {
            let way = Way {
                first: target,
                then: Vec::new(),
                verdict: verdict.clone(),
            };
            return Ok((verdict, Some(way)));
        }
        let helped = |problem: &Problem| !problem.blocks() || depends_on_the_way(problem.code);
        let way = if verdict.problems().all(helped) {
            self.chain(release, explicit)?
        } else {
            None
        };
        Ok((verdict, way))
    }

    /// What is said of a release whose objects are not here, by its metadata alone and the verticals
    /// as they are. Nothing is fetched.
    ///
    /// # Errors
    /// Somebody asked to stop, or git failed.
    pub(crate) fn judge_metadata(
        &self,
        release: &Release,
        explicit: bool,
    ) -> Result<Verdict, EngineError> {
        let facts = self.facts;
        let way = facts.way(self.cx, release)?;
        let way: Vec<&Release> = way.iter().map(|release| &**release).collect();
        let case = compat::Case {
            target: release,
            way: &way,
            exports: &Exports::Unreadable("the release is not fetched".to_owned()),
            channel: facts.channel.channel,
            explicit,
            today: facts.today,
            installed: facts.version(),
            removed: &BTreeSet::new(),
        };
        let verdict = compat::judge(&case, &facts.verticals);
        let mut said = verdict.release;
        // That the package was not looked at is said of the judgement as a whole.
        said.retain(|problem| problem.code != Code::ContractsUnreadable);
        said.extend(self.own_problems(release));
        Ok(Verdict::new(said, verdict.verticals))
    }

    /// The shortest way to `goal` through releases of the channel.
    fn chain(&mut self, goal: &Release, explicit: bool) -> Result<Option<Way>, EngineError> {
        let mut below = self.newest.below(&goal.version);
        let mut list: Vec<Arc<Release>> = Vec::new();
        while list.len() < BETWEEN
            && let Some(release) = below.next(self.cx, self.facts)?
        {
            list.push(release);
        }
        list.reverse();
        list.push(Arc::new(goal.clone()));
        let end = list.len() - 1;
        let found = path::search(end, path::BOUNDS, &mut |from, to| {
            let from = from.map(|from| &*list[from]);
            let verdict = self.hop(from, &list[to], explicit && to == end)?;
            Ok::<_, EngineError>(verdict.answer != Answer::Blocked)
        })?;
        let Some(chain) = found.filter(|chain| chain.len() > 1) else {
            return Ok(None);
        };
        let hops: Vec<&Release> = chain.iter().map(|&at| &*list[at]).collect();
        let verdict = self.hop(Some(hops[hops.len() - 2]), goal, explicit)?;
        Ok(match self.look(hops[0], false)? {
            Ok(first) => Some(Way {
                first: first.clone(),
                then: hops[1..].iter().map(|r| r.version.clone()).collect(),
                verdict,
            }),
            Err(_) => None,
        })
    }

    fn hop(
        &mut self,
        from: Option<&Release>,
        to: &Release,
        explicit: bool,
    ) -> Result<Verdict, EngineError> {
        let own = self.own_problems(to);
        let refused = |own: Vec<Problem>, why: Problem| {
            Verdict::new(own.into_iter().chain([why]).collect(), Vec::new())
        };
        if own.iter().any(Problem::blocks) {
            return Ok(Verdict::new(own, Vec::new()));
        }
        let target = match self.look(to, explicit)? {
            Ok(target) => target.clone(),
            Err(problem) => return Ok(refused(own, problem.clone())),
        };
        let verdict = match from {
            None => self.facts.judge(&target),
            Some(from) => match self.look(from, false)?.clone() {
                Ok(from) => self.facts.judge_hop(&from, &target),
                Err(problem) => return Ok(refused(own, problem)),
            },
        };
        Ok(self.whole(verdict, own, &target))
    }

    /// Reads what a release has, once.
    fn look(
        &mut self,
        release: &Release,
        explicit: bool,
    ) -> Result<&Result<Target, Problem>, EngineError> {
        if !self.seen.contains_key(&release.tag) {
            let found = match self.facts.target(self.cx, release, explicit) {
                Ok(target) => Ok(target),
                Err(error @ (EngineError::Registry { .. } | EngineError::Refused { .. })) => {
                    Err(problem_of(&error, Code::ObjectsMissing))
                }
                Err(error) => return Err(error),
            };
            self.seen.insert(release.tag.clone(), found);
        }
        Ok(&self.seen[&release.tag])
    }

    /// What speaks against a release wherever one comes from.
    fn own_problems(&self, release: &Release) -> Vec<Problem> {
        let holds = &self.facts.choices.holds;
        let hold = holds.iter().find(|hold| hold.covers(&release.version));
        hold.map(|hold| {
            let unhold = hold
                .version
                .as_ref()
                .map_or_else(String::new, |v| format!(" {v}"));
            Problem::new(Code::Held, &release.tag, "it is held")
                .evidence(format!("since {}", hold.since))
                .hint(Who::You, format!("vit unhold{unhold}"))
        })
        .into_iter()
        .collect()
    }

    fn whole(&self, verdict: Verdict, own: Vec<Problem>, target: &Target) -> Verdict {
        let mut release = verdict.release;
        release.extend(own);
        release.extend(quarantine::problem(target, self.retry));
        let landing = target.landing.problems.iter();
        let against = landing.filter(|problem| problem.blocks() && is_of_release(problem.code));
        release.extend(against.cloned());
        Verdict::new(release, verdict.verticals)
    }
}

/// Whether a problem of a landing says something of the release, and not of the machine or of the
/// moment: an offer is about the release.
const fn is_of_release(code: Code) -> bool {
    !matches!(
        code,
        Code::IdentityMissing | Code::SubmoduleDirty | Code::SubmoduleUnusable
    )
}

/// Whether a problem of a direct jump may not be one of a shorter hop.
const fn depends_on_the_way(code: Code) -> bool {
    matches!(
        code,
        Code::RequiresIntermediate
            | Code::BreakingChange
            | Code::CapabilityMissing
            | Code::CapabilityRemoved
            | Code::ContractsMajorMismatch
            | Code::VerticalTooOld
            | Code::VerticalRemovedByTarget
    )
}

#[cfg(test)]
mod tests;

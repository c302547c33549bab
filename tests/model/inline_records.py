#!/usr/bin/env python3
"""An executable specification of small output (and state) inside records, packs and their adoption, bases
that drop, the publisher of a file sink, clean-up and caches; checked exhaustively. Of it the publisher
(runtime/connectors/file_sink_publisher.h), the bases of manifests and what is asked of committables are
built; packs and pages are not.

Given (fencing.h): an append to a fenced log counts, at once and durably, if its writer is the newest
owner; else it does not count and the writer learns that. Given (exactly_once.h): fence, then ask.
Drivers take the query's log over in order; an older one goes on as a zombie until it learns better. A
process that is never scheduled again has crashed. A power loss of the store's machine takes any of what
is not synced: new names vanish, removed names come back. Processes elsewhere survive it.

  attempt   (driver, n, state place, output place): also the id of the one cut that it makes, and the
            token in its output. Places: "i" in the record, "f" in a file (synced before it is reported).
  log       ("def", n) | Prep(n, attempt, chain, adopts) | ("commit", n). `chain`: the attempts whose cuts
            the worker really went on from, and its own; only the checks look at it. adopts: (cut, pack)
  fold      the newest Prep of each batch; what superseded ones adopted is forgotten with them
  manifest  entries: the attempt of batch 0..; filed: (batch, staged name); forgot: batches whose plain
            name is nobody's business any more (a page holds them, or their table was replaced)
  dropped   inline bytes that a new segment's base let go: ("state", cut), ("out", n), ("entry", batch)
  disk      (name, mark): "new" not synced, "durable", "dying" removed and not synced
            names: ("cut", attempt, stamp) ("pack", id, stamp) ("out", batch, attempt)
                   ("staged", batches, token) ("plain", batches, attempts): those that follow on one
            another may share a file. Stamp: the batch under which a file was written: of an attempt its
            own, of a pack the version that the packer's cache held
  gone      plain names that a publisher removed for good; shown: the newest one that was ever durable

Checked in every state (check, finished):
  - the sink shows batches 0..k, last commit <= k <= last definition, each by the attempt whose state counts
  - what a reader of the protocol is shown he can read (complete mode: of the newest `keep` entries)
  - every cut that counts was made from the cuts that count before it, and can be loaded
  - an attempt that is prepared and holds its own output is never given up
  - plain names: only of committed batches, by the attempt that counts, each in one file. In complete mode too: a table that was
    removed stays away, none appears after that of a later batch, and once there was one there always is one
  - where nothing can happen any more, all is committed and the plain names are those of the newest tables.
    (Faults are bounded, nothing else is. Looked for in budget and supersede: the graph has no circle, so
    there every run ends so.)
Every prepared batch's cut stays in the lineage, so "each retained version" is "each batch" here.

Left out: what fencing.h and exactly_once.h show; partitions (one), snapshots that join cuts, pages as files
(they are staged files: synced before they are named, swept by token), damage, time, the size of anything.

  inline_records.py              every instance: the number of states, or a counterexample
  inline_records.py --without R  one rule left out: must print a counterexample
  inline_records.py --quick      the small instances, and the rules that they show: a quarter of a minute
  inline_records.py --all        each rule left out, as a table;  --list names rules and instances
  inline_records.py --others     other rules in their place, and what is not needed beside them: these hold
"""
import argparse
import sys
import time
from collections import deque, namedtuple
from functools import lru_cache
from itertools import product

World = namedtuple("World", "log owner dropped fence entries filed forgot sent disk packs caches drivers "
                            "faults gone shown")
Driver = namedtuple("Driver", "pc seen fences made attempt pub done clean sweep")
Prep = namedtuple("Prep", "n attempt chain adopts")
Pack = namedtuple("Pack", "id cuts stamp epoch reported")  # cuts: (version, cut)
Fold = namedtuple("Fold", "defined committed preps adopted superseded")
Faults = namedtuple("Faults", "reruns timeouts expiries losses crashes cleans")

# Rules: name -> (what is done when it is left out, the instance that shows it).
RULES = {
    "R1": ("a pack is reported, and adopted, before it is synced", "state"),
    "R2": ("the base drops inline state for which a pack is reported, adopted or not", "state"),
    "R3": ("the base drops inline state once a Prep adopts it, before that batch is committed", "supersede"),
    "R4": ("the base drops the committable of a Prep whose commit is not logged", "state"),
    "R5": ("a worker's cache is found by version number, not by cut id", "state"),
    "R6": ("a pack is adopted for a version, not for cut ids", "state"),
    "R7": ("clean-up lists, looks, removes, and takes what nothing refers to, however young", "state"),
    "R8": ("output inside the committable is asked for as if it were staged: gone", "state"),
    "R9": ("when inline bytes are at their bound, the batch waits for adoption", "budget"),
    "R10": ("the publisher links first and appends Filed after", "complete"),
    "R11": ("the publisher links although its Filed was refused", "complete"),
    "R12": ("Filed is appended before the staged file is synced", "append"),
    "R13": ("the manifest's base drops inline output that no Filed names", "append"),
    "R14": ("of a replaced table the plain name goes first, then the staged one", "complete"),
    "R15": ("the plain name goes before the removal of the staged one is synced", "complete"),
    "R16": ("a page takes an entry once Filed names it, linked or not", "append"),
    "R17": ("the base forgets a replaced entry before its names are removed", "complete"),
    "R18": ("entries are compared as bytes, as they stand in the fold", "append"),
    "R19": ("the sweep of staged files does not look, and takes those of any token", "append"),
    "R20": ("a Prep's changes are taken from the Prep before it, superseded or not", "supersede"),
    "R21": ("a linked name is done with before its link is synced", "append"),
    "R22": ("a replaced table that is filed is not linked any more", "complete"),
    "R23": ("a replaced table is removed before the newer one is linked", "complete"),
    "R25": ("batches that share a file are filed one after the other", "regroup"),
    "R26": ("tables of complete mode share a file", "tables"),
    "R27": ("batches share a file around one that has its own", "groups"),
    "R24": ("Filed is appended under the driver's newest token, not the one it staged under", "append"),
}


# Other rules instead, and rules that are not needed beside the others: these hold.
OTHERS = {
    "A3": ("instead of R3: what a superseded Prep adopted stays adopted, so drop at once", "supersede", {}),
    "A7": ("instead of R7: adopt only packs of the own epoch, remove only of lower ones", "state", {}),
    "A7s": ("beside R7 the look is not needed", "batches", {"look": False}),
    "A8": ("without R8 (and its own check) nothing else breaks: attempts are only wasted", "state", {}),
    "A18": ("the fenced sink needs no committable's hash; it is a guard", "supersede", {}),
    "A19": ("instead of R19's tokens: the look alone", "append", {}),
    "A19s": ("instead of R19's look: the tokens alone", "append", {"look": False}),
}


class Broken(Exception):
    """An invariant does not hold."""


def put(seq, index, value):
    return seq[:index] + (value,) + seq[index + 1:]


@lru_cache(maxsize=None)
def fold(log, sticky=False):
    preps, defined, committed, superseded = {}, 0, 0, ()
    for r in log:
        if r[0] == "def":
            defined += 1
        elif r[0] == "commit":
            committed += 1
        else:
            superseded += (preps[r.n],) if r.n in preps else ()
            preps[r.n] = r
    preps = tuple(preps[n] for n in range(len(preps)))
    adopted = {}
    for p in superseded * sticky + preps:
        for cut, pack in p.adopts:
            adopted.setdefault(cut, []).append(pack)
    return Fold(defined, committed, preps, adopted, superseded)


def visible(w, name):
    return (name, "new") in w.disk or (name, "durable") in w.disk


def without(disk, name):
    return disk - {(name, "new"), (name, "durable"), (name, "dying")}


def loadable(w, f, n):
    """The cut of batch n, from what counts: its own file, inline bytes, or a pack that was adopted."""
    cut = f.preps[n].attempt
    if cut[2] == "f" and visible(w, ("cut", cut, n)) or cut[2] == "i" and ("state", cut) not in w.dropped:
        return True
    packs = [p for p in w.packs if p.id in f.adopted.get(cut, ())]
    return any((n, cut) in p.cuts and visible(w, ("pack", p.id, p.stamp)) for p in packs)


def name_of(w, k):
    """Where the manifest's fold says that the output of entry k stands; None: in the entry itself."""
    named = dict(w.filed).get(k)
    return named or (("out", k, w.entries[k]) if w.entries[k][3] == "f" else None)


def check(before, w, limits, off):
    f = fold(w.log, "A3" in off)
    # The sink shows batches 0..k: last commit <= k <= last definition, each by the attempt that counts.
    if not f.committed <= len(w.entries) <= f.defined:
        raise Broken(f"the sink shows {len(w.entries)} batches, {f.committed} committed, {f.defined} defined")
    for n, attempt in enumerate(w.entries):
        if n >= len(f.preps) or f.preps[n].attempt != attempt:
            raise Broken(f"batch {n}: output of {attempt}, state of {f.preps[n].attempt}")
    # State: the cuts that count follow each other, and each can be loaded.
    counted = ()
    for n, p in enumerate(f.preps):
        counted += (p.attempt,)
        if p.chain != counted:
            raise Broken(f"batch {n}: its state was made from {p.chain[:-1]}, and {counted[:-1]} counts")
        if not loadable(w, f, n):
            raise Broken(f"the state of batch {n}, cut {p.attempt}, cannot be loaded any more")
    for p in f.superseded:
        if p.attempt[3] == "i" and "A8" not in off:
            raise Broken(f"batch {p.n}: {p.attempt} holds its own output, and was given up")
    # A reader of the protocol can read what the manifest shows him.
    first = len(w.entries) - limits.keep if limits.complete else 0
    for k in range(max(first, 0), len(w.entries)):
        name = name_of(w, k)
        if not (visible(w, name) if name else ("entry", k) not in w.dropped):
            raise Broken(f"the manifest shows batch {k}, and its output {name or 'inline'} cannot be read")
    # A lister: a subset of what is committed, by the attempt that counts; nothing comes back.
    listed = set()
    for name, mark in w.disk:
        if name[0] == "plain" and mark != "dying":
            if name[1][-1] >= len(w.entries) or name[2] != tuple(w.entries[k] for k in name[1]):
                raise Broken(f"{name} is listed, and is not committed")
            if listed & set(name[1]):
                raise Broken(f"a batch of {name} is listed twice")
            listed |= set(name[1])
            if w.gone & set(name[1]):
                raise Broken(f"the plain name of batch {name[1]} was removed, and is back")
            if limits.complete and name[1][0] < w.shown and not visible(before, name):
                raise Broken(f"the plain name of batch {name[1]} appears after that of batch {w.shown}")
    if not limits.complete and listed and not set(range(max(listed))) <= listed | w.forgot and not off & {"R10"}:
        raise Broken(f"batches {sorted(listed)} are listed, and not those between")
    if limits.complete and w.shown >= 0 and not any(n[0] == "plain" and m != "dying" for n, m in w.disk):
        raise Broken(f"batch {w.shown} was listed, and now there is no table at all")


def finished(w, limits):
    """What must be so where nothing can happen any more."""
    f = fold(w.log)
    if f.committed < limits.batches:
        raise Broken(f"stuck: {f.committed} of {limits.batches} batches are committed")
    if limits.publish:
        first = limits.batches - limits.keep if limits.complete else 0
        plain = {k for name, mark in w.disk if name[0] == "plain" and mark != "dying" for k in name[1]}
        if plain != set(range(max(first, 0), limits.batches)):
            raise Broken(f"stuck: the plain names are those of batches {sorted(plain)}")


NOBODY = Driver("stop", 0, 0, 0, None, None, frozenset(), None, None)


class Steps:
    """All steps of one driver: its batches, its publisher, its clean-ups, its bases."""

    def __init__(self, w, i, limits, off):
        self.w, self.i, self.limits, self.off = w, i, limits, off
        self.d = w.drivers[i]
        self.token = (i, self.d.fences)
        self.view = fold(w.log[:self.d.seen], "A3" in off)
        self.owns_log = w.owner == i
        self.owns_sink = w.fence == self.token

    def step(self, driver, **changes):
        return self.w._replace(drivers=put(self.w.drivers, self.i, driver), **changes)

    def stop(self):
        return self.step(NOBODY)

    def append(self, record, driver, **changes):
        if not self.owns_log:
            return self.stop()
        log = self.w.log + (record,)
        return self.step(driver._replace(seen=len(log)), log=log, **changes)

    def fault(self, kind):
        left = getattr(self.w.faults, kind)
        return left and self.w.faults._replace(**{kind: left - 1})

    def all(self):
        if self.d.pc in ("stop", "new"):
            return
        yield from getattr(self, "do_" + self.d.pc)()
        if self.d.fences and self.limits.publish:
            yield from self.publish()
            yield from self.sweep()
        if self.limits.packs:
            yield from self.clean()
        yield from self.bases()

    # --- a batch ---

    def do_fence(self):
        token = (self.i, self.d.fences + 1)
        if self.w.fence > token:
            yield "is fenced off", self.stop()
            return
        named = frozenset(name_of(self.w, k) for k in range(len(self.w.entries)))
        yield "fences the sink", self.step(
            self.d._replace(pc="decide", fences=token[1], sweep=("view", named, len(self.w.entries))),
            fence=token, sent=frozenset())  # (older requests have no effect now)

    def do_decide(self):
        """recovery.cc: what the log and the fenced sink say is to be done next."""
        v, d = self.view, self.d
        if v.committed == v.defined:
            if v.defined < self.limits.batches:
                yield "defines", self.append(("def", v.defined), d._replace(pc="run"))
            return
        if len(v.preps) < v.defined:
            yield "runs what is defined", self.step(d._replace(pc="run"))
        elif not self.owns_sink:
            yield "is fenced off", self.stop()
        elif self.is_committed(v.preps[-1]):
            yield "asks, logs the commit", self.append(("commit", v.defined - 1), d)
        else:
            attempt, n = v.preps[-1].attempt, v.defined - 1
            if attempt[3] == "i" and ("out", n) in self.w.dropped:
                raise Broken(f"batch {n} is pending, and the log holds its committable no more")
            if attempt[3] == "i" and not self.off & {"R8", "A8"} or visible(self.w, ("out", n, attempt)):
                yield "asks, sends the commit", self.step(d._replace(pc="committing"),
                                                          sent=self.w.sent | {(n, attempt)})
            else:
                yield "asks: gone", self.step(d._replace(pc="run"))

    def is_committed(self, p):
        """Whether the sink shows this attempt; by bytes, Filed has changed the entry since."""
        if p.n >= len(self.w.entries):
            return False
        if "R18" in self.off and p.n in dict(self.w.filed):
            raise Broken(f"batch {p.n}: refused, 'committed by another attempt than the one prepared'")
        return self.w.entries[p.n] == p.attempt or "A18" in self.off

    def do_run(self):
        """An attempt on some worker: from its cache, or cold from files and inline cuts."""
        w, d, v = self.w, self.d, self.view
        n = v.defined - 1
        base = tuple(p.attempt for p in v.preps[:n])
        if "R20" in self.off:
            base = tuple(r.attempt for r in w.log[:d.seen] if r[0] not in ("def", "commit") and r.n < n)
        inline = sum(1 for p in v.preps[:n] if p.attempt[2] == "i" and p.attempt not in v.adopted)
        places = [s for s in self.limits.state if s == "f" or inline < self.limits.inline or "R9" in self.off]
        if "R9" in self.off and inline >= self.limits.inline:
            return
        for worker, state, out in product(range(len(w.caches)), places, self.limits.output):
            cached = w.caches[worker]
            chain = base
            if len(cached) == n if "R5" in self.off else cached[-1:] == base[-1:]:
                chain = cached
            elif not all(loadable(w, v, m) for m in range(n)):
                if self.owns_log:
                    raise Broken(f"batch {n}: the state before it cannot be loaded")
                continue
            attempt = (self.i, d.made, state, out)
            disk = w.disk | ({(("cut", attempt, n), "durable")} if state == "f" else set()) | (
                {(("out", n, attempt), "durable")} if out == "f" else set())
            caches = put(w.caches, worker, chain + (attempt,)) if self.limits.packs else w.caches
            after = d._replace(pc="prepare", made=d.made + 1, attempt=(n, attempt, chain + (attempt,)))
            yield f"attempt {attempt} on worker {worker}", self.step(after, disk=disk, caches=caches)
            if self.fault("reruns"):
                yield f"attempt {attempt} on worker {worker}, result lost", self.step(
                    d._replace(made=d.made + 1), disk=disk, caches=caches, faults=self.fault("reruns"))

    def do_prepare(self):
        """The Prep, with a pack adopted or not; the commit is sent at once."""
        n, attempt, chain = self.d.attempt
        v = self.view
        choices = [()]
        for pack in self.w.packs:
            young = pack.stamp >= n - 1 or "R7" in self.off
            if "A7" in self.off:  # instead: a driver adopts what was written in its own epoch
                young = pack.epoch == self.i
            held = pack.cuts
            if "R6" in self.off:
                held = {(m, v.preps[m].attempt) for m, _ in pack.cuts if m < n}
            adopts = tuple((p.attempt, pack.id) for p in v.preps[:n]
                           if (p.n, p.attempt) in held and p.attempt[2] == "i" and p.attempt not in v.adopted)
            if adopts and pack.reported and young:
                choices.append(adopts)
        for adopts in choices:
            yield f"prepares {attempt}, adopts {adopts}", self.append(
                Prep(n, attempt, chain, adopts), self.d._replace(pc="committing", attempt=None),
                sent=self.w.sent | ({(n, attempt)} if self.owns_sink else set()))

    def do_committing(self):
        p = self.view.preps[-1]
        if self.is_committed(p) and self.owns_sink:
            yield "logs the commit", self.append(("commit", p.n), self.d._replace(pc="decide"))
        elif not self.owns_sink:
            yield "is fenced off", self.stop()
        elif p.attempt[3] == "f" and not visible(self.w, ("out", p.n, p.attempt)):
            yield "gets an error, which says nothing", self.step(self.d._replace(pc="fence"))
        if self.fault("timeouts"):
            yield "times out", self.step(self.d._replace(pc="fence"), faults=self.fault("timeouts"))

    # --- the file sink's publisher ---

    def publish(self):
        w, d = self.w, self.d
        if d.pub is None:
            if self.owns_sink:
                yield from self.publish_next()
            return
        what, k, name, token = d.pub  # (k: the batches that are in the file, one after the other)
        plain = ("plain", k, tuple(w.entries[each] for each in k))
        named = {each for each in k if name_of(w, each) in (name, None if "R10" in self.off else name)}

        def then(step):
            return d._replace(pub=step and (step, k, name, token))
        if what == "sync":  # only where Filed does not wait for it
            yield "publisher syncs", self.step(then("link"), disk=without(w.disk, name) | {(name, "durable")}
                                               if visible(w, name) else w.disk)
        elif what == "file":
            if token == w.fence or "R24" in self.off and self.owns_sink:
                driver = then("sync" if "R12" in self.off else "link")
                if "R10" in self.off:
                    driver = d._replace(done=d.done | set(k), pub=None)
                filed = tuple((each, name) for each in k if each not in dict(w.filed))
                if "R25" in self.off and len(filed) > 1:  # a record for each
                    driver, filed = d, filed[:1]
                yield f"publisher appends Filed {filed}", self.step(driver, filed=w.filed + filed)
            elif "R11" in self.off:
                yield "publisher's Filed is refused", self.step(then("link"))
            else:
                mine = self.i == w.fence[0]  # fenced off by its own driver, which was unsure
                yield "publisher's Filed is refused", self.step(then(None)) if mine else self.stop()
        elif what == "link":
            if visible(w, plain):  # of equal content: as good
                yield f"publisher finds {k} linked", self.step(then("linked"))
            elif visible(w, name):
                yield f"publisher links {k}", self.step(
                    d._replace(pub=None, done=d.done | named) if "R21" in self.off else then("linked"),
                    disk=w.disk | {(plain, "new")})
            else:  # a predecessor has begun to remove it, or a successor has
                yield f"publisher finds {name} gone", self.step(d._replace(pub=None, done=d.done | named))
        elif what == "linked":
            if visible(w, plain):
                driver = then("file") if "R10" in self.off and name[0] == "staged" else d._replace(
                    done=d.done | named, pub=None)
                yield f"publisher syncs {k}", self.step(
                    driver, disk=without(w.disk, plain) | {(plain, "durable")}, shown=max(w.shown, *k))
            else:
                yield "publisher links again", self.step(then("link"))
        elif what == "unstage":
            disk = without(w.disk, name)
            if "R15" in self.off and visible(w, name):
                disk |= {(name, "dying")}
            after = "forget" if "R14" in self.off else "unplain"
            yield f"publisher removes {name}", self.step(then(after), disk=disk)
        elif what == "unplain":
            after = "unstage" if "R14" in self.off else "forget"
            yield f"publisher removes plain {k}", self.step(
                then(after), disk=without(w.disk, plain), gone=w.gone | set(k))
        elif what == "forget":
            forgot = w.forgot | set(k) if token == w.fence else w.forgot
            yield f"base forgets {k}", self.step(then(None), forgot=forgot)

    def publish_next(self):
        """Links in the order of the batches, then removes what was replaced."""
        w, d = self.w, self.d
        left = [k for k in range(len(w.entries)) if k not in w.forgot]
        replaced = [k for k in left if self.limits.complete and k < len(w.entries) - self.limits.keep]
        todo = [k for k in left if k not in d.done]
        if "R22" in self.off:
            todo = [k for k in todo if k not in replaced] or todo
        if "R23" in self.off and replaced:
            todo = []
        if todo:
            k = todo[0]
            name = name_of(w, k)
            if name is None and k in replaced:
                yield f"base forgets {k}, never filed", self.step(d, forgot=w.forgot | {k})
            elif name is None:
                for group in self.groups(todo):
                    name = ("staged", group, self.token)
                    yield f"publisher stages {name}", self.step(
                        d._replace(pub=("link" if "R10" in self.off else "file", group, name, self.token)),
                        disk=w.disk | {(name, "new" if "R12" in self.off else "durable")})
            else:
                group = name[1] if name[0] == "staged" else (k,)
                yield f"publisher begins to link {group}", self.step(
                    d._replace(pub=("link", group, name, self.token)))
        elif replaced:
            k = replaced[0]
            name = name_of(w, k)
            yield f"publisher begins to remove {k}", self.step(d._replace(
                pub=("unplain" if "R14" in self.off else "unstage", (k,), name, self.token)) if name else d,
                forgot=w.forgot if name else w.forgot | {k})
        if replaced and "R17" in self.off:
            yield f"base forgets {replaced[0]}", self.step(d, forgot=w.forgot | {replaced[0]})
        if not self.limits.complete and self.limits.base:
            named = {k for k in left if name_of(w, k)}
            old = named if "R16" in self.off else d.done & named
            if old:
                yield f"a page takes {sorted(old)}", self.step(d, forgot=w.forgot | old)

    def groups(self, todo):
        """Batches from the first on that one file may hold: none of complete tables, and none across one
        that has files of its own, or that is filed."""
        w, group = self.w, ()
        for k in todo:
            if group and self.limits.complete and "R26" not in self.off:
                return
            if name_of(w, k) is not None:
                if "R27" in self.off and group:
                    continue
                return
            group += (k,)
            yield group

    def sweep(self):
        """Staged files that count for nothing. Judged by the manifest as it was read after the fence."""
        w, d = self.w, self.d
        if d.sweep is None:
            return
        what = d.sweep[0]
        if what == "view":
            _, named, last = d.sweep
            any_token = self.off & {"R19", "A19"}
            names = frozenset(n for n, mark in w.disk if mark != "dying" and n[0] in ("out", "staged")
                              and (n[1] if n[0] == "out" else n[1][-1]) < last and n not in named
                              and (n[0] == "out" or n[2] < self.token or any_token)
                              and not (any_token and d.pub and d.pub[2] == n))
            if any_token and any(n[2][0] == self.i for n in names if n[0] == "staged"):
                return  # (a driver knows its own)
            yield f"sweep lists {sorted(names)}", self.step(d._replace(sweep=("listed", names) if names else None))
        elif what == "listed":
            look = self.limits.look and "R19" not in self.off
            if look and not self.owns_sink:
                yield "sweep finds a newer owner", self.step(d._replace(sweep=None))
                return
            yield "sweep goes on", self.step(d._replace(sweep=("looked", d.sweep[1])))
        else:
            disk = w.disk
            for name in d.sweep[1]:
                disk = without(disk, name)
            yield f"sweep removes {sorted(d.sweep[1])}", self.step(d._replace(sweep=None), disk=disk)

    # --- clean-up of state, and bases ---

    def clean(self):
        """Lists, looks, removes. Only what is older than any record to come may name goes."""
        w, d, v = self.w, self.d, self.view
        if d.clean is None:
            if not self.fault("cleans"):
                return
            counts = {("cut", p.attempt, p.n) for p in v.preps}
            for p in w.packs:
                if any(p.id in ids for ids in v.adopted.values()):
                    counts.add(("pack", p.id, p.stamp))
            if d.attempt:
                counts.add(("cut", d.attempt[1], d.attempt[0]))
            names = frozenset(n for n, mark in w.disk if mark != "dying" and n[0] in ("cut", "pack")
                              and n not in counts and self.old(n))
            if names:
                yield f"clean-up lists {sorted(names)}", self.step(
                    d._replace(clean=("listed", names)), faults=self.fault("cleans"))
        elif d.clean[0] == "listed":
            if self.limits.look and not self.owns_log:
                yield "clean-up finds a newer owner", self.stop()
            else:
                yield "clean-up looks", self.step(d._replace(clean=("looked", d.clean[1])))
        else:
            disk = w.disk
            for name in d.clean[1]:
                disk = without(disk, name)
            yield f"clean-up removes {sorted(d.clean[1])}", self.step(d._replace(clean=None), disk=disk)

    def old(self, name):
        if "A7" in self.off:  # instead: a driver removes what was written in lower epochs
            epoch = name[1][0] if name[0] == "cut" else self.w.packs[name[1]].epoch
            return epoch < self.i
        return name[2] < self.view.committed - 1 or "R7" in self.off

    def bases(self):
        """A new segment of either log: its base holds what is still needed."""
        w, v = self.w, self.view
        if not self.limits.base:
            return
        if self.owns_log and self.limits.packs:
            counts = v.preps if "R4" in self.off else v.preps[:v.committed]
            drop = {("out", p.n) for p in counts if p.attempt[3] == "i"}
            counts = v.preps if self.off & {"R3", "A3"} else v.preps[:v.committed]
            drop |= {("state", cut) for p in counts for cut, _ in p.adopts}
            if "R2" in self.off:
                drop |= {("state", p.attempt) for p in v.preps if p.attempt[2] == "i"
                         and any(k.reported and (p.n, p.attempt) in k.cuts for k in w.packs)}
            if not drop <= w.dropped:
                yield f"base of the log drops {sorted(drop - w.dropped)}", self.step(
                    self.d, dropped=w.dropped | drop)
        if self.owns_sink and self.limits.publish:
            counts = range(len(w.entries)) if "R13" in self.off else dict(w.filed)
            drop = {("entry", k) for k in counts if w.entries[k][3] == "i"}
            if not drop <= w.dropped:
                yield f"base of the manifest drops {sorted(drop - w.dropped)}", self.step(
                    self.d, dropped=w.dropped | drop)


def world_steps(w, limits, off):
    """What nobody decides: requests arrive, workers pack, things fail."""
    for n, attempt in w.sent:
        if n == len(w.entries) and (attempt[3] == "i" or visible(w, ("out", n, attempt))):
            yield f"the sink commits {attempt}", w._replace(entries=w.entries + (attempt,), sent=frozenset())
    for worker, chain in enumerate(w.caches):
        cuts = frozenset((m, cut) for m, cut in enumerate(chain) if cut[2] == "i")
        if cuts and len(w.packs) < limits.packs and not any(p.cuts == cuts for p in w.packs):
            pack = Pack(len(w.packs), cuts, len(chain) - 1, chain[-1][0], "R1" in off)
            yield f"worker {worker} packs {sorted(cuts)}", w._replace(
                packs=w.packs + (pack,), disk=w.disk | {(("pack", pack.id, pack.stamp), "new")})
        if chain and w.faults.crashes:
            yield f"worker {worker} crashes", w._replace(
                caches=put(w.caches, worker, ()), faults=w.faults._replace(crashes=w.faults.crashes - 1))
    for at, pack in enumerate(w.packs):
        name = ("pack", pack.id, pack.stamp)
        if (name, "new") in w.disk:
            yield f"pack {pack.id} is synced and reported", w._replace(
                packs=put(w.packs, at, pack._replace(reported=True)), disk=without(w.disk, name) | {(name, "durable")})
    if w.faults.expiries:
        for name, _ in w.disk:
            if name[0] == "out" and name[1] >= len(w.entries):
                yield f"{name} is lost", w._replace(
                    disk=without(w.disk, name), faults=w.faults._replace(expiries=w.faults.expiries - 1))
    loose = [(name, mark) for name, mark in w.disk if mark != "durable"]
    if loose and w.faults.losses:
        for kept in product((False, True), repeat=len(loose)):
            back = [name for (name, _), keep in zip(loose, kept) if keep]
            yield f"power loss leaves {back}", w._replace(
                disk=w.disk - set(loose) | {(name, "durable") for name in back},
                shown=max([w.shown] + [n[1][-1] for n in back if n[0] == "plain"]),
                faults=w.faults._replace(losses=w.faults.losses - 1))


def successors(w, limits, off):
    for i, d in enumerate(w.drivers):
        if d.pc == "new":  # they take the log over in order
            after = Driver("fence", len(w.log), 0, 0, None, None, frozenset(), None, None)
            yield f"driver {i} takes over", w._replace(drivers=put(w.drivers, i, after), owner=i)
            break
    for i in range(len(w.drivers)):
        for label, nxt in Steps(w, i, limits, off).all():
            yield f"driver {i} {label}", nxt
    yield from world_steps(w, limits, off)


def explore(limits, off):
    start = World((), -1, frozenset(), (-1, 0), (), (), frozenset(), frozenset(), frozenset(), (),
                  ((),) * limits.workers, (NOBODY._replace(pc="new"),) * limits.drivers,
                  Faults(*(getattr(limits, f) for f in Faults._fields)), frozenset(), -1)
    parent = {start: None}
    queue = deque([start])
    while queue:
        w = queue.popleft()
        last, moved = w, False
        try:
            for _, nxt in successors(w, limits, off):
                moved = True
                if nxt not in parent:
                    parent[nxt] = last = w
                    last = nxt
                    check(w, nxt, limits, off)
                    queue.append(nxt)
                last = w
            if not moved:
                finished(w, limits)
        except Broken as why:
            return len(parent), (why, trail(parent, last, limits, off))
    return len(parent), None


def trail(parent, w, limits, off):
    labels = []
    while parent[w] is not None:
        before = parent[w]
        labels.append(next(label for label, nxt in successors(before, limits, off) if nxt == w))
        w = before
    return labels[::-1]


Limits = namedtuple("Limits", "drivers batches state output inline packs workers publish complete keep base look "
                              "reruns timeouts expiries losses crashes cleans")
PLAIN = Limits(drivers=2, batches=2, state="i", output="i", inline=9, packs=0, workers=1, publish=False,
               complete=False, keep=1, base=True, look=True, reruns=0, timeouts=0, expiries=0, losses=0, crashes=0,
               cleans=0)
INSTANCES = {  # (the first five show the rules; the others are larger in one direction each)
    "state": PLAIN._replace(packs=1, workers=1, reruns=1, timeouts=1, losses=1, crashes=1, cleans=1),
    "supersede": PLAIN._replace(packs=1, output="f", expiries=1, timeouts=1, losses=1, crashes=1, cleans=1),
    "budget": PLAIN._replace(packs=1, state="if", inline=1, losses=1, crashes=1, cleans=1),
    "append": PLAIN._replace(publish=True, output="i", timeouts=1, losses=1),
    "complete": PLAIN._replace(publish=True, complete=True, timeouts=1, losses=1),
    "mixed-append": PLAIN._replace(publish=True, output="if", losses=1),
    "mixed-complete": PLAIN._replace(publish=True, complete=True, output="if", losses=1),
    "mixed-state": PLAIN._replace(packs=1, state="if", reruns=1, losses=1, crashes=1, cleans=1),
    "workers": PLAIN._replace(packs=2, workers=2, losses=1, cleans=1),
    "batches": PLAIN._replace(packs=2, batches=3, losses=1, crashes=1, cleans=2),
    "readers": PLAIN._replace(publish=True, complete=True, batches=3, keep=2),
    "whole": PLAIN._replace(publish=True, complete=True, packs=1),
    "groups": PLAIN._replace(publish=True, output="if", batches=3, drivers=1),
    "regroup": PLAIN._replace(publish=True),
    "tables": PLAIN._replace(publish=True, complete=True, drivers=1, batches=3, keep=2),
    "drivers": PLAIN._replace(publish=True, complete=True, drivers=3),
}
QUICK = ("groups", "regroup", "tables")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    args.add_argument("--without", default="", choices=["", *RULES])
    args.add_argument("--instance", default="", choices=["", *INSTANCES])
    args.add_argument("--all", action="store_true")
    args.add_argument("--others", action="store_true")
    args.add_argument("--quick", action="store_true")
    args.add_argument("--list", action="store_true")
    a = args.parse_args()
    if a.list:
        for name, (what, where) in RULES.items():
            print(f"{name:4} {where:14} {what}")
        for name, limits in INSTANCES.items():
            print(f"{name:14} " + " ".join(f"{k}={v}" for k, v in limits._asdict().items()))
        return 0
    if a.others:
        for name, (what, where, change) in OTHERS.items():
            states, found = explore(INSTANCES[where]._replace(**change), {name})
            print(f"{name:5} {where:10} {states:8} states  {found[0] if found else 'holds'}   [{what}]", flush=True)
        return 0
    if a.quick:
        wrong = [name for name in QUICK if explore(INSTANCES[name], set())[1]]
        wrong += [name for name, (_, where) in RULES.items()
                  if where in QUICK and not explore(INSTANCES[where], {name})[1]]
        print("hold, and are broken without any of their rules" if not wrong else f"not as they should be: {wrong}")
        return len(wrong)
    if a.all:
        missed = 0
        for name, (what, where) in RULES.items():
            states, found = explore(INSTANCES[a.instance or where], {name})
            missed += found is None
            print(f"{name:4} {states:8} states  " + (f"{len(found[1]):3} steps  {found[0]}" if found else
                                                      "NO COUNTEREXAMPLE") + f"   [{what}]", flush=True)
        return missed
    failed = 0
    where = [a.instance] if a.instance else [RULES[a.without][1]] if a.without else INSTANCES
    for name in where:
        began = time.monotonic()
        states, found = explore(INSTANCES[name], {a.without} - {""})
        took = time.monotonic() - began
        if not found:
            print(f"{name:14} holds in all {states} states, {took:.0f} s", flush=True)
            continue
        failed = 1
        why, path = found
        print(f"{name:14} broken after {len(path)} steps ({states} states seen): {why}")
        for label in path:
            print("   ", label)
    return failed


if __name__ == "__main__":
    sys.exit(main())

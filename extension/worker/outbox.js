/**
 * What the service has still to be told, in order, in IndexedDB: it outlives the worker and the browser.
 *
 * An entry is added once by its id. Entries leave in batches; a batch keeps its webhook-id and what it says until it is settled,
 * so that sending it again is the same delivery to the service.
 */

const NAME = "outbox";
const REMEMBERED_MS = 3 * 24 * 3600 * 1000;
/** At most this many entries in a batch; the service takes 500. */
export const BATCH = 100;

/** Add entries `{id, kind, body}` in order, those whose id is new. Resolves to how many were, when they are on disk. */
export async function add(entries, now) {
  const write = async ({ queue, seen }) => {
    let added = 0;
    for (const entry of entries) {
      if (await done(seen.getKey(entry.id))) continue;
      seen.add({ id: entry.id, at: now });
      queue.add(entry);
      added += 1;
    }
    return added;
  };
  return transact(["queue", "seen"], "readwrite", write, "strict");
}

/** The batch `{id, kind, seqs, ids, bodies}` that goes next, or null: entries of one kind, one alone if the kind is in `alone`. */
export async function nextBatch(alone) {
  return transact(["queue", "state"], "readwrite", async ({ queue, state }) => {
    const current = await done(state.get("batch"));
    if (current) return current;
    const limit = (await done(state.get("limit"))) ?? BATCH;
    const rows = await done(queue.getAll(null, limit));
    if (rows.length === 0) return null;
    const other = rows.findIndex((row, index) => row.kind !== rows[0].kind || (index > 0 && alone.includes(row.kind)));
    const members = other < 0 ? rows : rows.slice(0, other);
    const batch = {
      id: `ext-${crypto.randomUUID()}`,
      kind: members[0].kind,
      seqs: members.map((row) => row.seq),
      ids: members.map((row) => row.id),
      bodies: members.map((row) => row.body),
    };
    state.put(batch, "batch");
    return batch;
  });
}

/** The batch has arrived. `refused` are entries `{id, reason, message}` of it that the service would not take: kept aside. */
export async function settle(batch, refused, now) {
  await transact(["queue", "state", "refused"], "readwrite", async ({ queue, state, refused: aside }) => {
    for (const { id, reason, message } of refused) {
      aside.put({ id, reason, message, at: now, body: batch.bodies[batch.ids.indexOf(id)] });
    }
    for (const seq of batch.seqs) queue.delete(seq);
    state.delete("batch");
    state.delete("limit");
    state.delete("pause");
  });
}

/** The service would not take the batch as a whole: try its first half, down to one entry. */
export async function split(batch) {
  await transact(["state"], "readwrite", async ({ state }) => {
    state.delete("batch");
    state.put(Math.max(1, Math.floor(batch.seqs.length / 2)), "limit");
  });
}

/** Nothing may be sent before `until`; `attempts` failed so far. */
export async function pauseUntil(until, attempts) {
  await transact(["state"], "readwrite", async ({ state }) => void state.put({ until, attempts }, "pause"));
}

/** `{until, attempts}`, zeros where nothing failed. */
export async function pause() {
  return transact(["state"], "readonly", async ({ state }) => (await done(state.get("pause"))) ?? { until: 0, attempts: 0 });
}

/** Another address or key was set: what failed before says nothing now. */
export async function forgetPause() {
  await transact(["state"], "readwrite", async ({ state }) => void state.delete("pause"));
}

/** How many entries wait, and how many were refused. */
export async function counts() {
  return transact(["queue", "refused"], "readonly", async ({ queue, refused }) => ({
    waiting: await done(queue.count()),
    refused: await done(refused.count()),
  }));
}

/** The refused entries `{id, reason, message, at, body}`, oldest first, at most `limit`. */
export async function refusedEntries(limit) {
  return transact(["refused"], "readonly", async ({ refused }) => done(refused.index("at").getAll(null, limit)));
}

/** Forget ids that were added long ago, and refusals with them. */
export async function prune(now) {
  const old = IDBKeyRange.upperBound(now - REMEMBERED_MS);
  await transact(["seen", "refused"], "readwrite", async (stores) => {
    for (const store of Object.values(stores)) {
      for (const key of await done(store.index("at").getAllKeys(old))) store.delete(key);
    }
  });
}

/** After a loss of power what was not written through to the disk is done again, which the service takes for a repeat. */
async function transact(names, mode, work, durability = "relaxed") {
  const transaction = (await open()).transaction(names, mode, { durability });
  const finished = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
  const result = await work(Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)])));
  await finished;
  return result;
}

let opening = null;

/** The database, opened once in the worker's life. */
function open() {
  opening ??= openAnew().catch((error) => {
    opening = null;
    throw error;
  });
  return opening;
}

async function openAnew() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    const database = request.result;
    database.createObjectStore("queue", { keyPath: "seq", autoIncrement: true });
    database.createObjectStore("seen", { keyPath: "id" }).createIndex("at", "at");
    database.createObjectStore("refused", { keyPath: "id" }).createIndex("at", "at");
    database.createObjectStore("state");
  };
  const database = await done(request);
  const letGo = () => {
    opening = null;
    database.close();
  };
  database.onversionchange = letGo;
  database.onclose = letGo;
  return database;
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

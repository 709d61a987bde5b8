'use strict'
// One errand of PouchDB against a server, told on stdin as JSON; what it found is told on stdout as JSON.
// {errand, url, dir, name, ...}: see `errands`.

const PouchDB = require('pouchdb')

const read = async () => {
  const pieces = []
  for await (const piece of process.stdin) pieces.push(piece)
  return JSON.parse(Buffer.concat(pieces).toString() || '{}')
}

const local = (order) => new PouchDB(`${order.dir}/${order.name}`)

// What replication must make equal: for each document its winner, all leaves, their bodies and bytes.
const everything = async (db) => {
  const listed = await db.changes({ style: 'all_docs', return_docs: true })
  // With all_docs PouchDB tells leaves in no special order; with main_only the one it tells is the winner.
  const winners = new Map((await db.changes({ return_docs: true })).results.map((row) => [row.id, row.changes[0].rev]))
  const found = {}
  for (const row of listed.results) {
    const revs = row.changes.map((change) => change.rev)
    const leaves = await db.get(row.id, { open_revs: revs, revs: true })
    const told = {}
    for (const { ok } of leaves) {
      const attachments = {}
      for (const name of Object.keys(ok._attachments || {})) {
        const bytes = await db.getAttachment(row.id, name, { rev: ok._rev })
        attachments[name] = bytes.toString('base64')
      }
      const body = Object.fromEntries(Object.entries(ok).filter(([name]) => !name.startsWith('_')))
      told[ok._rev] = { body, attachments, deleted: Boolean(ok._deleted), ids: ok._revisions.ids }
    }
    found[row.id] = { winner: winners.get(row.id), deleted: Boolean(row.deleted), leaves: told }
  }
  return found
}

const counted = ({ docs_read, docs_written, doc_write_failures, ok, last_seq, errors }) =>
  ({ docs_read, docs_written, doc_write_failures, ok, last_seq, errors: errors.length })

const errands = {
  async write (order) {
    const db = local(order)
    const answers = await db.bulkDocs(order.docs, { new_edits: order.new_edits !== false })
    return { answers, everything: await everything(db) }
  },
  async push (order) {
    const db = local(order)
    const denied = []
    const result = await PouchDB.replicate(db, order.url, order.options || {})
      .on('denied', (told) => denied.push(told.doc || told))
    return { ...counted(result), denied, everything: await everything(db) }
  },
  async pull (order) {
    const db = local(order)
    const result = await PouchDB.replicate(order.url, db, order.options || {})
    return { ...counted(result), everything: await everything(db) }
  },
  // What one person does on a phone (tests/peers/test_pouchdb_server.py does the same on ours).
  async work (order) {
    const db = local(order)
    const jpeg = (data) => ({ content_type: 'image/jpeg', data })
    const shared = await db.get('shared/ü')
    const doomed = await db.get('doomed')
    await db.put({ ...shared, n: order.number, _attachments: { ...shared._attachments, [`${order.number}.jpg`]: jpeg(order.bytes) } })
    await db.put(order.number % 2 ? { ...doomed, _deleted: true } : { ...doomed, n: order.number })
    await db.put({ _id: `own:${order.number}`, _attachments: { p: jpeg(order.bytes) } })
    return {}
  },
  // The server read through PouchDB's HTTP adapter.
  async look (order) {
    return { everything: await everything(new PouchDB(order.url, { skip_setup: true })), info: await new PouchDB(order.url, { skip_setup: true }).info() }
  },
  // Live: waits on the longpoll until the document named has come.
  async live (order) {
    const db = local(order)
    const replication = PouchDB.replicate(order.url, db, { live: true, heartbeat: 500 })
    await new Promise((resolve, reject) => {
      replication.on('paused', () => process.stderr.write('waiting\n'))
      replication.on('change', (told) => { if (told.docs.some((doc) => doc._id === order.until)) resolve() })
      replication.on('error', reject)
    })
    replication.cancel()
    return { everything: await everything(db) }
  },
  // Single requests through the adapter, as an app makes them.
  async edit (order) {
    const db = new PouchDB(order.url)
    const first = await db.put({ _id: order.id, n: 1 })
    const withBytes = await db.putAttachment(order.id, order.attachment, first.rev, Buffer.from(order.bytes, 'base64'), 'image/jpeg')
    const bytes = await db.getAttachment(order.id, order.attachment)
    const conflict = await db.put({ _id: order.id, n: 2 }).catch((error) => error)
    const without = await db.removeAttachment(order.id, order.attachment, withBytes.rev)
    const removed = await db.remove(order.id, without.rev)
    const missing = await db.get(order.id).catch((error) => error)
    const posted = await db.post({ made: true })
    const listed = await db.allDocs({ include_docs: true, startkey: posted.id, endkey: posted.id })
    return {
      bytes: bytes.toString('base64'),
      conflict: conflict.status,
      missing: [missing.status, missing.reason],
      removed: removed.ok,
      listed: listed.rows.map((row) => row.doc.made)
    }
  }
}

read().then(async (order) => {
  const told = await errands[order.errand](order)
  await new Promise((resolve) => process.stdout.write(JSON.stringify(told), resolve))
  process.exit(0)
}).catch((error) => {
  process.stderr.write(`${JSON.stringify(error)} ${error.stack}\n`)
  process.exit(1)
})

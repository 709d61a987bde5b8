'use strict'
// PouchDB with its defaults as one whole process, for benchmarks/replication.py; its own databases are LevelDB.
// node pouch.js fill DIR LINES · push DIR URL · pull URL DIR

const fs = require('fs')
const PouchDB = require('pouchdb')

const errands = {
  async fill (dir, lines) {
    const db = new PouchDB(dir)
    const docs = fs.readFileSync(lines, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line))
    for (let at = 0; at < docs.length; at += 1000) await db.bulkDocs(docs.slice(at, at + 1000), { new_edits: false })
  },
  async push (dir, url) {
    return PouchDB.replicate(new PouchDB(dir), new PouchDB(url, { skip_setup: true }))
  },
  async pull (url, dir) {
    return PouchDB.replicate(new PouchDB(url, { skip_setup: true }), new PouchDB(dir))
  }
}

const [errand, source, target] = process.argv.slice(2)
errands[errand](source, target).then((told = {}) => {
  const { docs_read: read, docs_written: written, doc_write_failures: refused } = told
  fs.writeSync(1, JSON.stringify({ read, written, refused }) + '\n')
  process.exit(0)
}).catch((error) => {
  fs.writeSync(2, `${error.stack || JSON.stringify(error)}\n`)
  process.exit(1)
})

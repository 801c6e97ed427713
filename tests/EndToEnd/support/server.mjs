import './localhost.mjs'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import readline from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { apiSecret, clientToken, sign } from './tokens.mjs'

const run = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../run')
const startLimit = 300_000 // the first start builds
const stopLimit = 45_000

/** A server with a database of its own, started by ./run as a user would. */
export class Server {
  #process
  #output = []
  #directory
  #settings
  port = 0

  static async start(settings = {}) {
    const server = new Server()
    server.#settings = settings
    server.#directory = await mkdtemp(path.join(tmpdir(), 'realtime-e2e-'))
    await chmod(server.#directory, 0o711) // the user who runs PostgreSQL for root passes through
    try {
      await server.#launch()
    } catch (error) {
      await server.dispose()
      throw error
    }
    return server
  }

  /** Socket URL of a tenant. */
  socketUrl(tenant = 'realtime-dev') {
    return `ws://${tenant}.localhost:${this.port}/socket`
  }

  /** URL of a tenant's HTTP API; without a tenant, of the operators'. */
  httpUrl(tenant) {
    return `http://${tenant ? `${tenant}.` : ''}localhost:${this.port}`
  }

  /** The operators' API: status and body. */
  async manage(method, route, body) {
    const response = await fetch(`${this.httpUrl()}/api/tenants${route}`, {
      method,
      headers: { authorization: `Bearer ${sign({})}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, body: text && JSON.parse(text) }
  }

  /** Makes a tenant with a database of its own. Returns its secret. */
  async createTenant(externalId, settings = {}) {
    const secret = `secret-of-${externalId}-that-is-long-enough`
    const database = await this.#readEnvironment()
    await promisify(execFile)('psql', [database.REALTIME_DATABASE_URL, '-qc', `create database "${externalId}"`])
    const created = await this.manage('POST', '', {
      tenant: {
        external_id: externalId,
        jwt_secret: secret,
        ...settings,
        extensions: [
          {
            type: 'postgres_cdc_rls',
            settings: {
              region: 'local',
              db_host: database.REALTIME_DB_HOST,
              db_port: database.REALTIME_DB_PORT,
              db_name: externalId,
              db_user: database.REALTIME_DB_USER,
              db_password: database.REALTIME_DB_PASSWORD,
              ssl_enforced: false,
            },
          },
        ],
      },
    })
    if (created.status !== 201) throw new Error(`tenant ${externalId}: ${created.status} ${JSON.stringify(created.body)}`)
    return secret
  }

  /** Runs statements in the database of the seeded tenant. */
  async sql(statements) {
    const database = await this.#readEnvironment()
    await promisify(execFile)('psql', [database.REALTIME_DATABASE_URL, '-v', 'ON_ERROR_STOP=1', '-qc', statements])
  }

  /** A token that this server's seeded tenant accepts. */
  token(options) {
    return clientToken(options)
  }

  /** Stops it gracefully. Returns the exit code. */
  async stop() {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode
    const exited = once(child, 'exit', { signal: AbortSignal.timeout(stopLimit) })
    child.kill('SIGTERM')
    try {
      const [code] = await exited
      return code
    } catch {
      child.kill('SIGTERM') // the second one: at once
      throw new Error(`the server did not stop within ${stopLimit} ms:\n${this.#output.slice(-30).join('\n')}`)
    }
  }

  /** Starts it again, on the same port and with the same data. */
  startAgain() {
    return this.#launch()
  }

  async dispose() {
    await this.stop()
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #launch() {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(DB_|API_|METRICS_|SELF_HOST|SEED_|DEFAULT_TENANT|NODE_TEST)/.test(name))
    const child = spawn(run, {
      cwd: this.#directory, // by which ./test finds what a killed test leaves running
      env: {
        ...Object.fromEntries(inherited),
        REALTIME_DATA_DIR: path.join(this.#directory, 'data'),
        API_JWT_SECRET: apiSecret,
        CONNECT_ERROR_BACKOFF_MS: '50',
        CHANNEL_ERROR_BACKOFF_MS: '50',
        ...this.#settings,
        PORT: `${this.port}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    const ready = new Promise((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        readline.createInterface({ input: stream }).on('line', (line) => {
          this.#output.push(line)
          if (line === 'ready') resolve('ready')
        })
      }
    })
    const limit = AbortSignal.timeout(startLimit)
    const exited = once(child, 'exit', { signal: limit }).then(([code]) => `ended with code ${code}`)
    const outcome = await Promise.race([ready, exited]).catch(() => `was not ready within ${startLimit} ms`)
    exited.catch(() => {}) // the limit passes after a successful start, too
    if (outcome !== 'ready') throw new Error(`./run ${outcome}:\n${this.#output.slice(-30).join('\n')}`)
    this.port = Number(new URL((await this.#readEnvironment()).REALTIME_URL).port)
  }

  async #readEnvironment() {
    const text = await readFile(path.join(this.#directory, 'data', 'env'), 'utf8')
    return Object.fromEntries([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]))
  }
}

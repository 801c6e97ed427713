import { createHmac } from 'node:crypto'

/** Secret of operators, and of the seeded tenant. */
export const apiSecret = 'end-to-end-secret-of-the-operator-0001'

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A JSON Web Token, HS256, with just these claims. */
export function sign(claims, secret = apiSecret) {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** A client's token that is valid for so many seconds. */
export function clientToken({ seconds = 3600, secret = apiSecret, role = 'anon', ...claims } = {}) {
  const now = Math.floor(Date.now() / 1000)
  return sign({ role, iat: now, exp: now + seconds, ...claims }, secret)
}

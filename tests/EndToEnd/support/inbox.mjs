/** What arrived, in order; a test takes one after the other and so proves what did not arrive between. */
export class Inbox {
  #items = []
  #waiting = []

  /** For use as a callback. */
  put = (item) => {
    const waiter = this.#waiting.shift()
    if (waiter) waiter(item)
    else this.#items.push(item)
  }

  /** The next item; rejects, naming what was missing, when none comes in time. */
  next(what, milliseconds = 10_000) {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift())
    return new Promise((resolve, reject) => {
      const waiter = (item) => {
        clearTimeout(timer)
        resolve(item)
      }
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter)
        reject(new Error(`${what} did not come within ${milliseconds} ms`))
      }, milliseconds)
      this.#waiting.push(waiter)
    })
  }

  /** Takes items until one matches, which it returns. */
  async nextThat(what, matches, milliseconds = 10_000) {
    const deadline = Date.now() + milliseconds
    for (;;) {
      const item = await this.next(what, Math.max(1, deadline - Date.now()))
      if (matches(item)) return item
    }
  }
}

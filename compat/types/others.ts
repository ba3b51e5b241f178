// The declarations of the packages for servers and for tests, and those of their peers.
import * as redis from '@backon/breaker-redis'
import * as otel from '@backon/metrics-otel'
import * as prometheus from '@backon/metrics-prometheus'
import * as testing from '@backon/testing'
import * as matchers from '@backon/testing/matchers'

export const all = [redis, otel, prometheus, testing, matchers]

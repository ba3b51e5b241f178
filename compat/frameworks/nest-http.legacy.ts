// F-14: every method decorator of NestJS, above and below ours, answers over HTTP as it does without ours.
import 'reflect-metadata'
import { onException, onPredicate } from '@backon/core'
import { map, of } from 'rxjs'
import {
  All, applyDecorators, Bind, Body, type CallHandler, type CanActivate, Catch, Controller, Delete, type ExceptionFilter, type ExecutionContext, Get, Head, Header, Headers,
  HttpCode, Module, type NestInterceptor, Options, Param, ParseIntPipe, Patch, type PipeTransform, Post, Put, Query, Redirect, Req, SetMetadata, Sse, UseFilters, UseGuards,
  UseInterceptors, UsePipes, Version, VERSION_NEUTRAL, VersioningType,
} from '@nestjs/common'
import { NestFactory, Reflector } from '@nestjs/core'

class Deny implements CanActivate {
  canActivate(): boolean {
    return false
  }
}
const Role = Reflector.createDecorator<string>()
class HasRole implements CanActivate {
  // Nest reads types from decorators; this class has none, so it makes its own.
  readonly reflector = new Reflector()
  canActivate(context: ExecutionContext): boolean {
    return this.reflector.get(Role, context.getHandler()) === 'admin' || this.reflector.get<string>('role', context.getHandler()) === 'admin'
  }
}
class Shout implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): ReturnType<CallHandler['handle']> {
    return next.handle().pipe(map((body) => `${String(body)}!`))
  }
}
class Twice implements PipeTransform {
  transform(value: unknown): string {
    return `${String(value)}${String(value)}`
  }
}
class Teapot extends Error {}
@Catch(Teapot)
class Brew implements ExceptionFilter {
  catch(_: Teapot, host: Parameters<ExceptionFilter['catch']>[1]): void {
    host.switchToHttp().getResponse<{ status(code: number): { send(body: string): void } }>().status(418).send('teapot')
  }
}

type Work = (...args: unknown[]) => unknown
interface Case {
  /** As they would be written, top to bottom. */
  decorators: MethodDecorator[]
  parameters?: ParameterDecorator[]
  work?: Work
  ask?: { method?: string; path?: string; body?: string; headers?: Record<string, string> }
  /** What Nest answers, as far as it is said here. */
  gives: { status?: number; body?: string; header?: [name: string, value: string] }
}
const words: Work = (...args) => `got ${args.map(String).join(' ')}`

const cases: Record<string, Case> = {
  Get: { decorators: [Get()], gives: { status: 200, body: 'got ' } },
  Post: { decorators: [Post()], ask: { method: 'POST' }, gives: { status: 201 } },
  Put: { decorators: [Put()], ask: { method: 'PUT' }, gives: { status: 200, body: 'got ' } },
  Delete: { decorators: [Delete()], ask: { method: 'DELETE' }, gives: { status: 200, body: 'got ' } },
  Patch: { decorators: [Patch()], ask: { method: 'PATCH' }, gives: { status: 200, body: 'got ' } },
  Options: { decorators: [Options()], ask: { method: 'OPTIONS' }, gives: { status: 200, body: 'got ' } },
  Head: { decorators: [Head(), Header('x-head', 'yes')], ask: { method: 'HEAD' }, gives: { status: 200, header: ['x-head', 'yes'] } },
  All: { decorators: [All()], ask: { method: 'PUT' }, gives: { status: 200, body: 'got ' } },
  HttpCode: { decorators: [Get(), HttpCode(202)], gives: { status: 202 } },
  Header: { decorators: [Get(), Header('x-kept', 'yes'), Header('x-too', 'yes')], gives: { header: ['x-kept', 'yes'] } },
  Redirect: { decorators: [Get(), Redirect('/elsewhere', 301)], gives: { status: 301, header: ['location', '/elsewhere'] } },
  UseGuards: { decorators: [Get(), UseGuards(Deny)], gives: { status: 403 } },
  'SetMetadata, read by a guard': { decorators: [Get(), SetMetadata('role', 'admin'), UseGuards(HasRole)], gives: { status: 200 } },
  'Reflector.createDecorator': { decorators: [Get(), UseGuards(HasRole), Role('admin')], gives: { status: 200 } },
  'two UseGuards': { decorators: [Get(), UseGuards(HasRole), SetMetadata('role', 'admin'), UseGuards(Deny)], gives: { status: 403 } },
  UseInterceptors: { decorators: [Get(), UseInterceptors(Shout)], gives: { body: 'got !' } },
  UsePipes: { decorators: [Get(':id'), UsePipes(Twice)], parameters: [Param('id')], ask: { path: '/7' }, gives: { body: 'got 77' } },
  UseFilters: {
    decorators: [Get(), UseFilters(Brew)],
    work: () => {
      throw new Teapot()
    },
    gives: { status: 418, body: 'teapot' },
  },
  Version: { decorators: [Get(), Version('2')], ask: { headers: { 'x-version': '2' } }, gives: { status: 200 } },
  'Version, another': { decorators: [Get(), Version('2')], ask: { headers: { 'x-version': '3' } }, gives: { status: 404 } },
  Sse: { decorators: [Sse()], work: () => of({ data: 'event' }), gives: { header: ['content-type', 'text/event-stream'] } },
  applyDecorators: { decorators: [applyDecorators(Get(), HttpCode(203), Header('x-kept', 'yes'))], gives: { status: 203, header: ['x-kept', 'yes'] } },
  Param: { decorators: [Get(':id')], parameters: [Param('id', ParseIntPipe)], ask: { path: '/7' }, gives: { body: 'got 7' } },
  'Param, refused': { decorators: [Get(':id')], parameters: [Param('id', ParseIntPipe)], ask: { path: '/x' }, gives: { status: 400 } },
  'Query, Headers and Req': { decorators: [Get()], parameters: [Query('q'), Headers('x-a'), Req()], work: (q, a, request) => words(q, a, (request as Request).method), ask: { path: '?q=1', headers: { 'x-a': '2' } }, gives: { body: 'got 1 2 GET' } },
  Body: { decorators: [Post()], parameters: [Body('name')], ask: { method: 'POST', body: '{"name":"Ada"}', headers: { 'content-type': 'application/json' } }, gives: { body: 'got Ada' } },
  Bind: { decorators: [Get(':id'), Bind(Param('id'))], ask: { path: '/8' }, gives: { body: 'got 8' } },
}

const quick = { sleep: () => {} }
const ours = {
  'no decorator': undefined,
  onException: onException(0, undefined, quick),
  'onException, twice': ((target: object, key: string, descriptor: TypedPropertyDescriptor<() => Promise<unknown>>) =>
    onException(0, undefined, quick)(target, key, onException(0, undefined, quick)(target, key, descriptor) ?? descriptor)) as MethodDecorator,
  onPredicate: onPredicate(0, quick),
}

const controllers: object[] = []
const routes: { title: string; path: string; asked: Case; runs: () => number; wrapped: boolean }[] = []
for (const [name, asked] of Object.entries(cases)) {
  for (const [wrapper, decorator] of Object.entries(ours)) {
    // From below all of the others to above all of them.
    for (let place = 0; place <= (decorator ? asked.decorators.length : 0); place++) {
      let runs = 0
      class Answers {
        async answer(...args: unknown[]): Promise<unknown> {
          runs += 1
          if (decorator && runs === 1) {
            if (wrapper === 'onPredicate') return undefined
            throw new Error('down')
          }
          return (asked.work ?? words)(...args)
        }
      }
      const { prototype } = Answers
      const decorators = [...asked.decorators]
      if (decorator) decorators.splice(place, 0, decorator as MethodDecorator)
      for (const [index, parameter] of (asked.parameters ?? []).entries()) parameter(prototype, 'answer', index)
      // What compilers emit for decorators that are written out: the last comes first, each gets what the one before gave.
      let descriptor = Object.getOwnPropertyDescriptor(prototype, 'answer')!
      for (const each of decorators.reverse()) descriptor = (each(prototype, 'answer', descriptor) as PropertyDescriptor | undefined) ?? descriptor
      Object.defineProperty(prototype, 'answer', descriptor)
      const path = `r${routes.length}`
      Controller(path)(Answers)
      controllers.push(Answers)
      routes.push({ title: `${name} with ${wrapper}, place ${place}`, path, asked, runs: () => runs, wrapped: decorator !== undefined })
    }
  }
}

// As it is written: the row of the table that lost its guard.
@Controller('written')
class Written {
  @Get() @onException(1) @UseGuards(Deny)
  async get(): Promise<string> {
    return 'open'
  }
  @onException(1) @Get(':id') @HttpCode(202)
  async one(@Param('id') id: string): Promise<string> {
    return id
  }
}

@Module({ controllers: [...(controllers as never[]), Written] })
class App {}

const app = await NestFactory.create(App, { logger: false })
app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: VERSION_NEUTRAL })
await app.listen(0, '127.0.0.1')
const url = await app.getUrl()

const problems: string[] = []
let right = 0
for (const { title, path, asked, runs, wrapped } of routes) {
  const { method = 'GET', body, headers = {} } = asked.ask ?? {}
  const response = await fetch(`${url}/${path}${asked.ask?.path ?? ''}`, { method, headers, redirect: 'manual', ...(body !== undefined && { body }) })
  const text = await response.text()
  const { status = response.status, body: expected = text, header: [name, value] = ['date', response.headers.get('date')] } = asked.gives
  const header = response.headers.get(name)
  const reached = status < 400 || status === 418
  // A filter's own error is retried until it is given up on.
  const enough = !wrapped || !reached || runs() > 1
  if (response.status === status && text === expected && header?.split(';')[0] === String(value).split(';')[0] && enough) right += 1
  else problems.push(`${title}: ${response.status} ${JSON.stringify(text)} ${name}=${header} after ${runs()} runs`)
}
for (const [path, status] of [['written', 403], ['written/5', 202]] as const) {
  const response = await fetch(`${url}/${path}`)
  if (response.status === status) right += 1
  else problems.push(`${path}: ${response.status}`)
}
await app.close()
console.log([...problems, `${right} of ${routes.length + 2} routes answer as they should`].join('\n'))
// prints: 248 of 248 routes answer as they should

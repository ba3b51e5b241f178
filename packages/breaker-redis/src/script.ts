/**
 * All that the store does: one script, one key, atomic. Redis 5 and Valkey know every command of it.
 *
 * The key is a hash: `g` generation (µs of the server's clock, never used again), `u` open until (absent: closed), `l` end of the lease for a
 * probe and `t` its token, `n` openings; a longer name is the vote of one process, with its expiry. Times are the server's, in ms.
 *
 * Arguments: the act (`p` peek, `o` open, `l` lease, `c` close), the generation seen (`*`: by hand), ms to stay open, ms of a lease, the token
 * held, the process, how many must agree. Answer: generation, ms it stays open (-1: closed), ms of the lease that is out, the token granted.
 *
 * - `o` acts where nothing is known, or on the generation seen. While open the later end wins; else it is a vote, and enough of them open.
 * - `l` is granted to one at a time, and again to a process that has lost its answer; only while open and ripe, or where nobody has closed since. A lease
 *   that has run out counts as an opening: the probe has failed.
 * - `c` needs the token. Every turn is a new generation, and drops lease and votes.
 */
export const script = `local k,c,o,s,m,l,t,i,a=KEYS[1],redis.call,unpack(ARGV)
local T,h,r,y=c('TIME'),{},c('HGETALL',k),''
for j=1,#r,2 do h[r[j]]=r[j+1] end
local n,u,e,f=T[1]*1000+math.floor(T[2]/1000),tonumber(h.u),tonumber(h.l) or 0,s=='*'
local function set(x,...) c('HSET',k,...) c('PEXPIRE',k,x-n+l+36e5) end
local function turn(x)
u=x e=0 h.g=string.format('%.0f',math.max(T[1]*1e6+T[2],(h.g or 0)+1))
c('DEL',k) set(x or n,'g',h.g,'u',x or '','n',x and (h.n or 0)+1 or 0)
redis.pcall('PUBLISH',k,h.g)
end
local d=f or not h.g or h.g==s
if o=='o' and d then
local x,b=n+m,0
h[i]=x
for q,v in pairs(h) do if #q>1 and v+0>n then b=b+1 x=math.max(x,v) end end
if f or u and x>u or not u and b>=a+0 then turn(x) elseif not u then set(x,i,n+m) end
elseif o=='l' and (e<=n or h.t:find(i,1,true)) and (u and u<=n or not u and d) then
y=i..T[1]..T[2] e=n+l set(e,'l',e,'t',y,'n',(h.n or 0)+(h.t and 1 or 0))
elseif o=='c' and (f or h.t==t) then turn() end
return {h.g or '',u and math.max(u-n,0) or -1,math.max(e-n,0),y}`

/** The SHA-1 of the script, by which a server knows one that it has run before. */
export const sha = '5b6dc6ec422d671284b7c3224dffca0402607cb9'

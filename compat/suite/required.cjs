// What a CommonJS program gets.
module.exports = {
  breaker: require('@backon/breaker'),
  core: require('@backon/core'),
  diagnostics: require('@backon/core/diagnostics'),
  hedge: require('@backon/hedge'),
  http: require('@backon/fetch'),
  kit: require('@backon/core/kit'),
  limits: require('@backon/limit'),
  nesting: require('@backon/limit/nested'),
  resume: require('@backon/fetch/resume'),
}

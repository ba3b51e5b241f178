// What a CommonJS program gets.
module.exports = { core: require('@backon/core'), breaker: require('@backon/breaker'), hedge: require('@backon/hedge') }

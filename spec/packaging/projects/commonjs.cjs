const express = require('express');
const passport = require('passport');
const library = require('express-client-auth');
const { PrivateKeyJwtStrategy } = require('express-client-auth/strategies/private-key-jwt');
const { journey } = require('./journey.cjs');

journey({ express, passport, library, PrivateKeyJwtStrategy }).then((results) => {
  process.stdout.write(JSON.stringify(results));
});

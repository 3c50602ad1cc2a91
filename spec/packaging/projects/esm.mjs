import express from 'express';
import * as library from 'express-client-auth';
import { PrivateKeyJwtStrategy } from 'express-client-auth/strategies/private-key-jwt';
import passport from 'passport';
import { journey } from './journey.cjs';

process.stdout.write(JSON.stringify(await journey({ express, passport, library, PrivateKeyJwtStrategy })));

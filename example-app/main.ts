import { serve } from './serve.js';

void serve(process.argv.slice(2), process.env);

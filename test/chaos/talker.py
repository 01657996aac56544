# A session of the chaos test: prints numbered lines at its own rate until it is told to finish, then ends as it was told.
# What it did is written down outside its workspace: a line for each start, and in the end how many lines there were.
import json
import os
import signal
import sys
import time

spec = json.loads(sys.argv[1])
folder = spec['folder']

with open(os.path.join(folder, 'starts'), 'a', encoding='utf-8') as starts:
    starts.write('%d\n' % os.getpid())

number = 0
finish = os.path.join(folder, 'finish')
while True:
    last = os.path.exists(finish) or number >= spec['lines']
    for _ in range(spec['burst']):
        number += 1
        print('%d %s' % (number, 'x' * spec['width']))
    sys.stdout.flush()
    if last:
        break
    time.sleep(spec['pause'])

with open(os.path.join(folder, 'count'), 'w', encoding='utf-8') as count:
    count.write(str(number))
if spec.get('signal'):
    os.kill(os.getpid(), signal.Signals[spec['signal']])
sys.exit(spec['code'])

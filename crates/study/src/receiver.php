<?php
// Receives the answers of a listening test of Mynah: one file for web space with PHP 8 and its SQLite, beside index.html and
// clips/. The requests are those of `mynah-listen serve`; the file that it fills is a store for `mynah-listen collect --store`.
//
// It needs a folder to write into, which it makes beside itself under a name that nobody guesses. To get the store:
//   curl -d token=TOKEN 'https://…/api.php?request=store' -o answers.sqlite
declare(strict_types=1);

const STUDY = <<<'JSON'
{{study}}
JSON;
const SCHEMA = <<<'SQL'
{{schema}}
SQL;
const BODY_BYTES = 65536;

function reply(int $status, array|object $content): never
{
    http_response_code($status);
    header_remove('X-Powered-By');
    header('Content-Type: application/json');
    header('Cache-Control: no-store');
    header('X-Content-Type-Options: nosniff');
    if ($status === 503) {
        header('Retry-After: 5');
    }
    echo json_encode($content, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
    exit;
}

function refuse(int $status, string $code, string $error, array $more = []): never
{
    reply($status, ['code' => $code, 'error' => $error] + $more);
}

function text(mixed $value): string
{
    return is_string($value) ? $value : '';
}

function database(object $study): PDO
{
    $folder = __DIR__ . '/answers-' . $study->secret;
    if (!is_dir($folder) && !mkdir($folder, 0700) && !is_dir($folder)) {
        throw new RuntimeException('the folder for answers cannot be made');
    }
    if (!file_exists("$folder/.htaccess")) {
        file_put_contents("$folder/.htaccess", "Require all denied\n");
    }
    $database = new PDO("sqlite:$folder/answers.sqlite", null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
    // Web space may lie on a network, where a write-ahead log does not work.
    $database->exec('PRAGMA busy_timeout = 10000; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;');
    $database->exec('BEGIN IMMEDIATE');
    if ($database->query("SELECT count(*) FROM sqlite_master WHERE name = 'meta'")->fetchColumn() == 0) {
        $database->exec(SCHEMA);
        $insert = $database->prepare('INSERT INTO meta VALUES (?, ?)');
        foreach ($study->meta as $key => $value) {
            $insert->execute([$key, $value]);
        }
    }
    $database->exec('COMMIT');
    return $database;
}

function run(PDO $database, string $statement, array $values = []): PDOStatement
{
    $prepared = $database->prepare($statement);
    foreach (array_values($values) as $index => $value) {
        $type = is_int($value) ? PDO::PARAM_INT : ($value === null ? PDO::PARAM_NULL : PDO::PARAM_STR);
        $prepared->bindValue($index + 1, $value, $type);
    }
    $prepared->execute();
    return $prepared;
}

// Who enters, as [platform, person, assignment, session].
function identity(object $study, object $entry): array
{
    $named = function (string $key) use ($entry): ?string {
        $name = trim(text($entry->$key ?? null));
        return preg_match('/^[A-Za-z0-9._-]{1,64}$/', $name) ? $name : null;
    };
    switch ($study->entry) {
        case 'code':
            $code = strtr(strtolower(preg_replace('/[\s-]/', '', text($entry->code ?? null))), 'oil', '011');
            $session = array_search($code, $study->codes, true);
            if ($session === false) {
                refuse(404, 'unknown-code', 'the code is unknown');
            }
            return ['code', $study->sessions[$session]->rater, null, $session];
        case 'prolific':
            $person = $named('PROLIFIC_PID') ?? refuse(400, 'entry', 'the link does not name the participant');
            return ['prolific', $person, $named('SESSION_ID'), null];
        case 'mturk':
            if ($named('assignmentId') === 'ASSIGNMENT_ID_NOT_AVAILABLE') {
                refuse(403, 'preview', 'the task is not accepted yet');
            }
            $person = $named('workerId') ?? refuse(400, 'entry', 'the link does not name the participant');
            return ['mturk', $person, $named('assignmentId'), null];
        default:
            $person = $named('visitor');
            if ($person === null || strlen($person) < 16) {
                refuse(400, 'entry', 'the browser does not name itself');
            }
            return ['open', $person, null, null];
    }
}

// The session that the fewest people do, or null.
function place(PDO $database, object $study, int $now): ?int
{
    $fills = array_fill(0, count($study->sessions), ['complete' => 0, 'active' => 0, 'left' => 0]);
    $query = 'SELECT session, finished IS NOT NULL, left IS NULL AND lease > ?, (SELECT count(*) FROM answer '
        . 'WHERE participant = id AND position IS NOT NULL) FROM participant WHERE pilot = 0 AND deleted IS NULL';
    foreach (run($database, $query, [$now])->fetchAll(PDO::FETCH_NUM) as [$session, $complete, $active, $answers]) {
        $fills[$session][$complete ? 'complete' : ($active ? 'active' : 'left')] += $complete || $active ? 1 : $answers;
    }
    $taken = fn (int $session): int => $fills[$session]['complete'] + $fills[$session]['active'];
    $need = fn (int $a, int $b): int => [$taken($a), $fills[$a]['left'], $a] <=> [$taken($b), $fills[$b]['left'], $b];
    $sessions = array_keys($fills);
    $open = array_filter($sessions, fn (int $session): bool => $taken($session) < $study->copies);
    if (!$open) {
        $extra = array_sum(array_map(fn (int $session): int => max(0, $taken($session) - $study->copies), $sessions));
        $unfinished = fn (int $session): bool => $fills[$session]['complete'] < $study->copies;
        $open = $extra < $study->overbook ? array_filter($sessions, $unfinished) : [];
    }
    usort($open, $need);
    return $open[0] ?? null;
}

function participant(PDO $database, string $token): array
{
    $found = run($database, 'SELECT id, session FROM participant WHERE token = ? AND deleted IS NULL', [$token])->fetch(PDO::FETCH_NUM);
    return $found ?: refuse(401, 'unknown-token', 'the token is unknown');
}

// The position of a page in a session, null for a form; refuses answers that do not belong to it.
function position(object $study, int $session, string $page, mixed $answer): ?int
{
    if (in_array($page, $study->forms, true)) {
        return is_object($answer) ? null : refuse(422, 'answer', 'the answer is not an object');
    }
    $pages = $study->sessions[$session]->pages;
    $position = array_search($page, array_column($pages, 'id'), true);
    if ($position === false) {
        refuse(404, 'unknown-page', 'the session has no such page');
    }
    $wrong = fn (string $what): never => refuse(422, 'answer', "the answer is refused: $what");
    if (!is_object($answer) || ($answer->trial ?? null) !== $page || ($answer->page ?? null) !== $position) {
        $wrong('it belongs to another page');
    }
    $clips = is_array($answer->clips ?? null) ? $answer->clips : [];
    if (array_map(fn ($clip) => $clip->clip ?? null, $clips) !== $pages[$position]->clips) {
        $wrong('the page does not have these clips');
    }
    foreach ($clips as $clip) {
        if (isset($clip->sha256) && $clip->sha256 !== $study->clips->{$clip->clip}->sha256) {
            $wrong('it was given to other audio');
        }
    }
    $one = $answer->score_raw ?? null;
    $several = $answer->scores_raw ?? null;
    if (is_string($answer->skipped ?? null)) {
        if ($one !== null || $several !== null) {
            $wrong('a skipped page has no score');
        }
        return $position;
    }
    $scores = $study->side_by_side ? $several : [$one];
    $n = $study->side_by_side ? count($clips) - 1 : 1;
    if (!is_array($scores) || count($scores) !== $n || ($study->side_by_side ? $one : $several) !== null) {
        $wrong('it does not have a score for each rated clip');
    }
    foreach ($scores as $score) {
        if (!in_array($score, $study->scale, false) || !is_int($score)) {
            $wrong('the score is not a point of the scale');
        }
    }
    return $position;
}

function handle(object $study, string $request): never
{
    if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
        refuse(405, 'not-found', 'there is nothing here');
    }
    $now = (int) (microtime(true) * 1000);
    if ($request === 'store') {
        if (!hash_equals($study->secret, text($_POST['token'] ?? null))) {
            sleep(1);
            refuse(401, 'unknown-token', 'the token is wrong');
        }
        $copy = tempnam(sys_get_temp_dir(), 'mynah');
        unlink($copy);
        run(database($study), 'VACUUM INTO ?', [$copy]);
        header('Content-Type: application/vnd.sqlite3');
        readfile($copy);
        unlink($copy);
        exit;
    }
    $body = file_get_contents('php://input', false, null, 0, BODY_BYTES + 1);
    if (strlen($body) > BODY_BYTES) {
        refuse(413, 'too-large', 'the request is too large');
    }
    $content = json_decode($body, false, 64);
    if (!is_object($content)) {
        refuse(400, 'malformed', 'the request is malformed');
    }
    if (text($content->bundle ?? null) !== $study->meta->bundle) {
        refuse(409, 'other-bundle', 'the page is of another bundle: reload it');
    }
    $database = database($study);
    $database->exec('BEGIN IMMEDIATE');
    $lease = $now + $study->lease_ms;
    if ($request === 'join') {
        [$platform, $person, $assignment, $session] = identity($study, is_object($content->entry ?? null) ? $content->entry : (object) []);
        $query = 'SELECT id, token, session, rater, left FROM participant WHERE platform = ? AND person = ? AND pilot = 0';
        $known = run($database, $query, [$platform, $person])->fetch(PDO::FETCH_NUM);
        if ($known && $known[4] !== null) {
            refuse(403, 'left', 'this participant has left the study');
        }
        if (!$known) {
            $session ??= place($database, $study, $now);
            if ($session === null) {
                refuse(403, 'full', 'all places are taken');
            }
            $turn = 1 + (int) run($database, 'SELECT coalesce(max(turn), 0) FROM participant WHERE session = ?', [$session])->fetchColumn();
            $rater = $study->sessions[$session]->rater . ($turn === 1 ? '' : ".$turn");
            $token = bin2hex(random_bytes(24));
            $agent = substr(preg_replace('/[^\x20-\x7e]/', '', $_SERVER['HTTP_USER_AGENT'] ?? ''), 0, 300);
            run(
                $database,
                'INSERT INTO participant (platform, person, assignment, token, session, turn, rater, pilot, user_agent, joined, seen, lease) '
                    . 'VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)',
                [$platform, $person, $assignment, $token, $session, $turn, $rater, $agent, $now, $now, $lease]
            );
            $known = [(int) $database->lastInsertId(), $token, $session, $rater, null];
        }
        [$id, $token, $session, $rater] = $known;
        run($database, 'UPDATE participant SET seen = ?, lease = max(lease, ?) WHERE id = ?', [$now, $lease, $id]);
        $stored = (object) [];
        foreach (run($database, 'SELECT page, content FROM answer WHERE participant = ?', [$id])->fetchAll(PDO::FETCH_NUM) as [$page, $answer]) {
            $stored->$page = json_decode($answer);
        }
        $database->exec('COMMIT');
        $pages = $study->sessions[$session]->pages;
        $clips = (object) [$study->volume => $study->clips->{$study->volume}];
        foreach ($pages as $page) {
            foreach ($page->clips as $name) {
                $clips->$name = $study->clips->$name;
            }
        }
        reply(200, ['token' => $token, 'rater' => $rater, 'pages' => $pages, 'clips' => $clips, 'stored' => $stored]);
    }
    [$id, $session] = participant($database, text($content->token ?? null));
    switch ($request) {
        case 'page':
            $page = text($content->page ?? null);
            $position = position($study, $session, $page, $content->answer ?? null);
            $answer = json_encode($content->answer, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION);
            if (strlen($answer) > $study->answer_bytes) {
                refuse(422, 'answer', 'the answer is refused: it is too long');
            }
            run($database, 'UPDATE participant SET seen = ?, lease = max(lease, ?) WHERE id = ?', [$now, $lease, $id]);
            $stored = run($database, 'SELECT content FROM answer WHERE participant = ? AND page = ?', [$id, $page])->fetchColumn();
            if ($stored === false) {
                run($database, 'INSERT INTO answer VALUES (?, ?, ?, ?, ?)', [$id, $page, $position, $answer, $now]);
            }
            $database->exec('COMMIT');
            if ($stored !== false && $stored !== $answer) {
                refuse(409, 'conflict', 'another answer is stored already', ['stored' => json_decode($stored)]);
            }
            reply(200, ['stored' => true, 'repeated' => $stored !== false]);
            // no break
        case 'finish':
            $n = (int) run($database, 'SELECT count(*) FROM answer WHERE participant = ? AND position IS NOT NULL', [$id])->fetchColumn();
            $missing = count($study->sessions[$session]->pages) - $n;
            if ($missing > 0) {
                refuse(409, 'unfinished', "$missing pages are not answered yet");
            }
            run($database, 'UPDATE participant SET finished = coalesce(finished, ?), seen = ? WHERE id = ?', [$now, $now, $id]);
            $database->exec('COMMIT');
            reply(200, ['completion_code' => $study->completion_code, 'redirect' => $study->redirect]);
            // no break
        case 'leave':
            run($database, 'UPDATE participant SET left = coalesce(left, ?) WHERE id = ? AND finished IS NULL', [$now, $id]);
            $database->exec('COMMIT');
            reply(200, (object) []);
            // no break
        default:
            refuse(404, 'not-found', 'there is nothing here');
    }
}

try {
    handle(json_decode(STUDY, false, 64, JSON_THROW_ON_ERROR), text($_GET['request'] ?? null));
} catch (Throwable $error) {
    error_log('mynah: ' . $error->getMessage());
    refuse(503, 'unavailable', 'nothing can be stored at the moment');
}

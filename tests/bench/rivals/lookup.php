<?php
// What a tutorial would write for php-fpm: see naive.c. POLICIES is a parameter
// that the web server sends.
$host = $_SERVER['HTTP_HOST'] ?? '';
$file = $_SERVER['POLICIES'] . '/' . substr($host, 8) . '.txt';
header('Content-Type: text/plain');
if (str_starts_with($host, 'mta-sts.') && is_file($file)) {
    header('Content-Length: ' . filesize($file));
    readfile($file);
} else {
    http_response_code(404);
    echo "404 Not Found\r\n";
}

<?php
/*
 * A server plugin of ISPConfig: mail domains that are created, changed and
 * deleted. One that is not active has no policy. The class is called as the
 * file is, as ISPConfig wants it.
 */
class mta_sts_plugin {

	public $plugin_name = 'mta_sts_plugin';
	public $class_name = 'mta_sts_plugin';

	public function onInstall() {
		return true;
	}

	public function onLoad() {
		global $app;

		foreach (['insert', 'update', 'delete'] as $event)
			$app->plugins->registerEvent("mail_domain_$event",
			    $this->plugin_name, $event);
	}

	public function insert($event_name, $data) {
		if ($this->is_active($data['new']))
			$this->hook('created', $data['new']['domain']);
	}

	public function update($event_name, $data) {
		$old = $data['old'];
		$new = $data['new'];

		if (!$this->is_active($new)) {
			if ($this->is_active($old))
				$this->hook('gone', $old['domain']);
		} elseif (!$this->is_active($old))
			$this->hook('created', $new['domain']);
		elseif ($old['domain'] !== $new['domain'])
			$this->hook('renamed', $old['domain'], $new['domain']);
	}

	public function delete($event_name, $data) {
		$this->hook('gone', $data['old']['domain'] ?? null);
	}

	private function is_active($domain) {
		return isset($domain['domain'], $domain['active']) &&
		    $domain['active'] === 'y';
	}

	/* By proc_open and an array: no shell ever sees a name. */
	private function hook(...$words) {
		$program = dirname(realpath(__FILE__)) . '/hook';
		$streams = [['file', '/dev/null', 'r'], STDERR, STDERR];
		$pipes = [];

		foreach ($words as $word)
			if (!is_string($word) || strpos($word, "\0") !== false) {
				fwrite(STDERR, "mta-sts: no domain\n");
				return;
			}
		$process = proc_open(array_merge([$program], $words), $streams,
		    $pipes);
		if ($process !== false)
			proc_close($process);
	}
}
